#!/usr/bin/env node
import {
  count,
  experiment,
  here,
  origin,
  RefusedArguments,
  runPublished,
  settings,
} from "./published/published-command.ts";

type Values = Readonly<Record<string, string | undefined>>;

/** What a name of the plan is here: an experiment, what of its workload is set, and whether a file of problems is needed. */
interface Benchmark {
  readonly experiment: string;
  readonly workload: Readonly<Record<string, unknown>>;
  /** Key that takes `--dataset`; null: its tasks are built, not read. */
  readonly file: string | null;
  readonly needsFile: boolean;
  /** Samples of each task, where nobody says. */
  readonly samples: number;
}

const problems = (dataset: string, samples: number): Benchmark => ({
  experiment: "code-laptop",
  workload: { "workload.dataset": dataset },
  file: "workload.file",
  needsFile: true,
  samples,
});

const benchmarks: Readonly<Record<string, Benchmark>> = {
  humaneval: problems("humaneval", 100),
  mbpp: problems("mbpp", 1),
  gsm8k: problems("gsm8k", 1),
  mmlu: problems("mmlu", 1),
  tool_use: {
    experiment: "tool-use-laptop",
    workload: {},
    file: "workload.cases",
    needsFile: false,
    samples: 1,
  },
  long_context: {
    experiment: "long-context-laptop",
    workload: {},
    file: null,
    needsFile: false,
    samples: 1,
  },
};

const notCovered =
  "swebench is not covered: its solutions need each repository's own environment, built from the network. Judge predictions with SWE-bench's own harness, and quote its figures: tollgate export RUN --format benchmarks --quoted FILE.";

/** A rate of sampling as the plan writes it. */
function share(text: string | undefined, name: string, most: number): number | undefined {
  if (text === undefined) return undefined;
  const value = Number(text);
  if (text.trim() !== "" && value >= 0 && value <= most) return value;
  throw new Error(`--${name} must be a number from 0 to ${most}, not ${JSON.stringify(text)}`);
}

/** A model that is served; without one a simulated engine answers. */
function served({ url, model }: Values): Readonly<Record<string, unknown>> {
  const endpoint = origin(url);
  if (endpoint === undefined) {
    if (model === undefined) return {};
    throw new Error("--model names a model of a server: give its --url, too.");
  }
  const agent = { url: endpoint, ...(model === undefined ? {} : { model }) };
  return { stack: { kind: "attach", agent, user: agent }, arms: [{ kind: "raw" }] };
}

function chosen(name: string | undefined): Benchmark {
  if (name === "swebench") throw new RefusedArguments(notCovered, 1);
  const found = name !== undefined && Object.hasOwn(benchmarks, name) ? benchmarks[name] : undefined;
  if (found !== undefined) return found;
  const known = [...Object.keys(benchmarks), "swebench (not covered)"].join(", ");
  throw new RefusedArguments(
    name === undefined
      ? `Which benchmark? There are ${known}.`
      : `Unknown benchmark: ${name}. There are ${known}.`,
    1,
  );
}

/** The plan's benchmarks with its flags. */
await runPublished({
  usage: `usage: node scripts/run-eval.ts BENCHMARK [options] [-- arguments of tollgate sweep]
BENCHMARK is humaneval, mbpp, gsm8k, mmlu (each with --dataset FILE, which is never downloaded), tool_use or long_context
  --url URL          an OpenAI-compatible server; without it a simulated engine answers, which says nothing of a model
  --model M          stack.agent.model: which of its models
  --dataset FILE     workload.file (tool_use: workload.cases)
  --num_samples N    workload.trials: samples of each problem (default: 100 of humaneval, 1 of the others)
  --temperature 0.2  sampling.temperature, the same for all samples
  --top_p 0.95       sampling.topP
  --limit N          only the first N of the data; every score then says that it is partial
  --output DIR       --out
The pages of a run: tollgate export @last --format benchmarks -o DIR
--dry-run prints the command and does nothing. An unknown benchmark: exit code 1.`,
  options: ["model", "output", "temperature", "top_p", "num_samples", "limit", "dataset", "url"],
  translate: (values, [name, ...more]) => {
    const benchmark = chosen(name);
    if (more.length > 0) throw new Error(`What is ${more.join(" ")}?`);
    const dataset = here(values["dataset"]);
    if (benchmark.needsFile && dataset === undefined)
      throw new Error(`${name} needs --dataset FILE: nothing is downloaded.`);
    if (benchmark.file === null && dataset !== undefined)
      throw new Error(`--dataset means nothing to ${name}: its tasks are built for the served model.`);
    const limit = count(values["limit"], "--limit");
    const samples = count(values["num_samples"], "--num_samples") ?? benchmark.samples;
    return [
      "sweep",
      experiment(benchmark.experiment),
      ...(values["output"] === undefined ? [] : ["--out", values["output"]]),
      ...settings({
        ...served(values),
        ...benchmark.workload,
        ...(benchmark.file !== null && { [benchmark.file]: dataset }),
        "workload.trials": samples,
        ...(benchmark.experiment === "code-laptop" && {
          "workload.passAtK": [1, 10, 100].filter((k) => k <= samples),
        }),
        "sampling.temperature": share(values["temperature"] ?? "0.2", "temperature", 2),
        "sampling.topP": share(values["top_p"] ?? "0.95", "top_p", 1),
      }),
      ...(limit === undefined ? [] : ["--limit", String(limit)]),
    ];
  },
});
