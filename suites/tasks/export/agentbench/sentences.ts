import { absent, durationText, numberText } from "../../../../bench/report/tables/number-text.ts";
import { layers, type AgentBenchResults, type ResultTask } from "./results.ts";
import type { ShownTask } from "./shown-task.ts";
import { mean } from "./numbers.ts";

/** AgentBench's own limits of good and of poor scores. */
const [good, poor] = [80, 60];

export function gradeOf(score: number | null): "good" | "doubt" | "bad" | "none" {
  if (score === null) return "none";
  if (score >= good) return "good";
  return score >= poor ? "doubt" : "bad";
}

/** A whole number where it is one, else one decimal; a mark where there is no score. */
export function scoreText(score: number | null): string {
  if (score === null) return "-";
  return Number.isInteger(score) ? String(score) : score.toFixed(1);
}

/** What failed, and what is worth less than a good score, worst first. */
export function worstTasks(tasks: readonly ShownTask[]): readonly ShownTask[] {
  const below = tasks.filter(({ score }) => score === null || score < good);
  return below.slice(0, 5);
}

/** What stands beside a score: what it cost to serve. */
export function costLines({ tollgate }: AgentBenchResults): readonly (readonly [string, string])[] {
  const { serving, arm } = tollgate;
  const { overhead_ms: overhead } = serving;
  return [
    ["Time to first token, p50 of the cell", unit(serving.cell_ttft_ms_p50, "ms")],
    ["Whole request, p50 of the cell", unit(serving.cell_e2e_ms_p50, "ms")],
    ["Tokens per passed task", numberText(serving.tokens_per_passed_task)],
    ["Seconds per passed task", numberText(serving.seconds_per_passed_task)],
    ...(overhead === null
      ? []
      : ([
          [`${arm} adds to a first token, against ${overhead.against}`, bounded(overhead.firstToken)],
          [`${arm} adds to a request, against ${overhead.against}`, bounded(overhead.whole)],
        ] as const)),
  ];
}

function unit(value: number | null, name: string): string {
  return value === null ? "-" : `${numberText(value)} ${name}`;
}

type Overhead = NonNullable<AgentBenchResults["tollgate"]["serving"]["overhead_ms"]>;

function bounded(value: Overhead["whole"]): string {
  if (value === null) return "-";
  const { low, high } = value;
  const interval = low === null || high === null ? "" : ` [${numberText(low)}, ${numberText(high)}]`;
  return `${numberText(value.value)}${interval} ms`;
}

const layerAdvice = {
  layer0: "files or answers are not what the task asks for: see the findings of the tasks above",
  layer1: "more calls, errors or another pace than the tasks expect",
  layer2: "how the agent works: the right tool, reading before writing, recovery from errors",
  layer3: "how good the results are, as the judge sees them",
} as const;

/** What follows from the numbers, and what has to be known to read them. */
export function adviceOf(results: AgentBenchResults, tasks: readonly ResultTask[]): readonly string[] {
  const { tollgate } = results;
  const means = layers.map((layer) => ({
    layer,
    score: mean(tasks.flatMap((task) => task.layer_scores[layer] ?? [])),
  }));
  const weakest = means
    .filter(({ score }) => score !== null && score < good)
    .toSorted((a, b) => (a.score ?? 0) - (b.score ?? 0))[0];
  const missing = layers.filter((layer) => tollgate.layers_missing[layer] > 0);
  const { unscored_tasks: unscored } = tollgate;
  return [
    ...(weakest === undefined
      ? []
      : [
          `Weakest layer: ${weakest.layer} (mean ${scoreText(weakest.score)}): ${layerAdvice[weakest.layer]}.`,
        ]),
    ...(missing.length === 0
      ? []
      : [
          `Missing: ${missing.map((layer) => `${layer} of ${tollgate.layers_missing[layer]} tasks`).join(", ")}. The other layers' weights are divided by their sum: such scores are not comparable with those of a run that has all layers. Name a judge to have them.`,
        ]),
    ...(unscored.length === 0
      ? []
      : [
          `Without a score, and in no mean: ${unscored.length} of ${results.task_count} tasks, because a part of the stack failed or nobody could judge them.`,
        ]),
    ...(results.scoring_method === "externally-verified"
      ? []
      : tollgate.scored_by_agent.length > 0
        ? tollgate.scored_by_agent
        : [
            "self-scored is AgentBench's word for every run without --strict. Here rules and judges scored, and no agent itself.",
          ]),
    ...(tollgate.simulated ? ["Run it with a real engine: this one was simulated."] : []),
  ];
}

/** How long a trial took from its first start to its last end. */
export function lengthText(ms: number | null): string {
  return ms === null ? absent : durationText(ms / 1000);
}
