import { existsSync, globSync, mkdirSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { basename, dirname, join, resolve } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import {
  engineTokens,
  innerRequests,
  meanTimes,
  movedSeconds,
  recordedCalls,
  type HistogramNames,
} from "./real-engines/evidence.ts";
import { ggufOf, programOf, type Installable, type Program } from "./real-engines/installed.ts";
import { lastLine, sound } from "./small-experiment.ts";
import { cellSummaries, episodesOf, expectExit, tollgate } from "./tollgate-process.ts";

/**
 * Real engines on CPUs with weights that know the library's tasks. Each is taken from its variable, else installed: 6 to 8 GB
 * and five to ten minutes each, removed afterwards. The weights are no part of this repository. Run it where nothing else
 * computes: it holds times against the engines' own.
 */
const weights = resolve(
  process.env["LIBRARY_MODEL"] ??
    join(process.env["TOLLGATE_SHARED"] ?? "../shared", "real-engines/model-library"),
);
const folder = mkdtempSync(join(tmpdir(), "tollgate-real-engine-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const minutes = 60_000;

interface RealEngine {
  readonly title: string;
  readonly identity: { readonly name: string; readonly version?: string };
  readonly program: Installable;
  readonly experiment: string;
  /** Added to the file's arms: what this version can do and the file leaves out. */
  readonly moreArms?: readonly object[];
  /** Arms that record ids and logprobs. */
  readonly recording: readonly string[];
  /** null: the engine has no histograms. */
  readonly histograms: HistogramNames | null;
  readonly cache: "flush" | "salt";
  /** Whether its weights pass every task: they were trained on prompts as this version writes them. */
  readonly passes: boolean;
}

const sglang: HistogramNames = {
  TTFT: "sglang:time_to_first_token_seconds",
  ITL: "sglang:inter_token_latency_seconds",
  E2E: "sglang:e2e_request_latency_seconds",
};
const vllm: HistogramNames = {
  TTFT: "vllm:time_to_first_token_seconds",
  ITL: "vllm:inter_token_latency_seconds",
  E2E: "vllm:e2e_request_latency_seconds",
};

const engines: readonly RealEngine[] = [
  {
    title: "SGLang 0.5.10.post1",
    identity: { name: "sglang", version: "0.5.10.post1" },
    program: {
      variable: "SGLANG_0_5_10_PYTHON",
      setting: "SGLANG_PYTHON",
      script: "install-sglang.sh",
      args: ["0.5.10.post1"],
    },
    experiment: "experiments/real-cpu.yaml",
    recording: ["l2"],
    histograms: sglang,
    cache: "flush",
    passes: true,
  },
  {
    title: "SGLang 0.5.23",
    identity: { name: "sglang", version: "0.5.23" },
    program: {
      variable: "SGLANG_0_5_23_PYTHON",
      setting: "SGLANG_PYTHON",
      script: "install-sglang.sh",
      args: ["0.5.23"],
      more: { SGLANG_GRAMMAR: "xgrammar" },
    },
    experiment: "experiments/real-cpu.yaml",
    moreArms: [{ kind: "gateway", name: "l1", level: "L1" }],
    recording: ["l1", "l2"],
    histograms: sglang,
    cache: "flush",
    passes: false,
  },
  {
    title: "vLLM 0.32.0",
    identity: { name: "vllm", version: "0.32.0" },
    program: { variable: "VLLM_PYTHON", script: "install-vllm.sh", args: ["0.32.0"] },
    experiment: "experiments/vllm.yaml",
    recording: ["l1"],
    histograms: vllm,
    cache: "salt",
    passes: false,
  },
  {
    title: "llama.cpp",
    identity: { name: "llama.cpp" },
    program: { variable: "LLAMA_SERVER_BIN", script: "install-llama.sh", args: [] },
    experiment: "experiments/llama.yaml",
    recording: [],
    histograms: null,
    cache: "salt",
    passes: false,
  },
];

/** Pythons of the engines that were found, for the one whose weights are another file. */
const pythons: string[] = [];

async function programFor({ program, title }: RealEngine): Promise<Program> {
  const place = { folder: join(folder, title.replaceAll(/\W+/g, "-")), environment: process.env };
  mkdirSync(place.folder, { recursive: true });
  const found = await programOf(program, place);
  if ("missing" in found || title !== "llama.cpp") {
    const python = "environment" in found ? found.environment["SGLANG_PYTHON"] : undefined;
    if (python !== undefined) pythons.push(python);
    return found;
  }
  const gguf = await ggufOf(weights, { ...place, pythons });
  return "missing" in gguf ? gguf : { environment: { ...found.environment, ...gguf.environment } };
}

interface CellRun {
  readonly arm: string;
  readonly segment: string;
  readonly summary: Readonly<Record<string, unknown>>;
}

function cellsOf(directory: string): CellRun[] {
  const summaries = cellSummaries(directory);
  return globSync(join(directory, "evidence/*/s0")).map((segment) => {
    const summary = summaries[basename(dirname(segment))] ?? {};
    return { arm: String(summary["arm"]), segment, summary };
  });
}

describe.skipIf(!existsSync(join(weights, "model.safetensors"))).each(engines)(
  "the real $title",
  (engine) => {
    let program: Program = { missing: "nobody looked" };
    let directory = "";
    const command = (...args: readonly string[]) => {
      const given = "missing" in program ? {} : program.environment;
      return tollgate([...args, "--out", join(folder, "runs")], { ...given, LIBRARY_MODEL: weights });
    };
    beforeAll(async () => {
      program = await programFor(engine);
    }, 60 * minutes);

    test("sweeps its arms: every episode is finished, tokens exact, drained at once", async ({ skip }) => {
      if ("missing" in program) skip(program.missing);
      const arms = [...armsOf(engine), ...(engine.moreArms ?? [])];
      const sweep = await command("sweep", engine.experiment, "--set", `arms=${JSON.stringify(arms)}`);
      expectExit(sweep, 0);
      directory = lastLine(sweep);
      const episodes = episodesOf(directory);
      expect(episodes).toHaveLength(12 * arms.length);
      expect(episodes.filter(({ failure }) => failure !== null)).toEqual([]);
      const judged = engine.passes ? episodes.map(({ reward }) => reward) : [];
      expect(judged.filter((reward) => reward !== 1)).toEqual([]);
      for (const { segment, summary } of cellsOf(directory)) {
        expect(summary).toMatchObject({ verdict: sound, tokenCheck: { status: "exact" } });
        const facts: unknown = JSON.parse(readFileSync(join(segment, "segment.json"), "utf8"));
        expect(facts).toMatchObject({ drained: true });
      }
      const agent: unknown = JSON.parse(readFileSync(join(directory, "evidence/servers/agent.json"), "utf8"));
      expect(agent).toMatchObject({ simulated: false, identity: { ...engine.identity, simulated: false } });
    });

    test("its times are those that it counts itself", ({ skip }) => {
      if (directory === "") skip("nothing was swept");
      const found = cellsOf(directory).flatMap((cell) => {
        const busy = cell.summary["verdict"] !== "valid";
        if (engine.histograms === null) return unlikeComputing(cell, busy);
        return unlike(meanTimes(cell.segment, engine.histograms), { arm: cell.arm, busy });
      });
      expect(found).toEqual([]);
    });

    test("what its gateways recorded are the ids and logprobs that it sent", async ({ skip }) => {
      if (directory === "") skip("nothing was swept");
      if (engine.recording.length === 0) skip(`${engine.title} gives no token ids`);
      const recorded = recordedCalls(directory);
      for (const { arm, segment } of cellsOf(directory)) {
        if (!engine.recording.includes(arm)) continue;
        const sent = await engineTokens(segment);
        const calls = Array.from(sent, ([id, tokens]) => ({ tokens, call: recorded.get(id) }));
        expect(calls.length).toBeGreaterThan(20);
        for (const { tokens, call } of calls) {
          expect(tokens.ids.length).toBeGreaterThan(0);
          expect(call).toMatchObject({ outputIds: tokens.ids, outputLogprobs: tokens.logprobs });
        }
      }
    });

    test("a replay runs to its end, with the baseline against itself and the null proxy", async ({
      skip,
    }) => {
      if (directory === "") skip("nothing was swept");
      const size = ["--repetitions", "4", "--load", "closed:2", "--conversations", "2", "--think", "0"];
      const replay = await command("replay", directory, ...size, "--cache", engine.cache);
      expect([0, 1]).toContain(replay.code);
      const report: unknown = JSON.parse(readFileSync(join(lastLine(replay), "report/report.json"), "utf8"));
      const replayed = JSON.stringify(report);
      for (const arm of ["raw", "gateway", "null-proxy"]) expect(replayed).toContain(arm);
      expect(replay.stdout).not.toContain("interrupted");
    });
  },
);

/** The arms that an experiment file ships; the tokenizer is the folder of the weights. */
function armsOf({ recording }: RealEngine): object[] {
  const arms: object[] = [{ kind: "raw" }, { kind: "gateway" }];
  if (recording.includes("l2")) arms.push({ kind: "gateway", name: "l2", level: "L2", tokenizer: weights });
  else if (recording.includes("l1")) arms.push({ kind: "gateway", name: "l1", level: "L1" });
  return arms;
}

/**
 * Ours are longer by the way there and back, a few milliseconds a request: 5 per cent where the machine had time; where the
 * cell's verdict says that it had none, requests wait for a processor between tap and engine. Returns what is not so.
 */
function unlike(
  times: ReturnType<typeof meanTimes>,
  { arm, busy }: { readonly arm: string; readonly busy: boolean },
): string[] {
  return times.flatMap(({ what, tapMs, engineMs, counts: [ours, theirs] }) => {
    const said = `${arm} ${what}: ${tapMs.toFixed(1)} ms of ${ours} at the tap, ${engineMs.toFixed(1)} ms of ${theirs} by the engine`;
    process.stdout.write(`${said}\n`);
    // A pause is counted from the engine's own steps; the way to us is no part of it.
    const spareMs = what === "ITL" ? 0.5 : 20;
    const isAlike =
      ours === theirs &&
      tapMs >= engineMs * 0.95 - spareMs &&
      tapMs - engineMs < Math.max((busy ? 0.15 : 0.05) * engineMs, spareMs);
    return isAlike ? [] : [said];
  });
}

/** llama.cpp has no histograms: it counts what it computes, which the template and a request's wait for a slot are no part of. */
function unlikeComputing({ arm, segment }: CellRun, busy: boolean): string[] {
  const computing = ["llamacpp:prompt_seconds_total", "llamacpp:tokens_predicted_seconds_total"]
    .map((counter) => movedSeconds(segment, counter))
    .reduce((sum, seconds) => sum + seconds, 0);
  const seconds = innerRequests(segment)
    .map(({ startedNs, endedNs }) => (endedNs - startedNs) / 1e9)
    .reduce((sum, one) => sum + one, 0);
  const said = `${arm}: ${seconds.toFixed(2)} s at the tap, ${computing.toFixed(2)} s computed by the engine`;
  process.stdout.write(`${said}\n`);
  const isAlike = seconds > computing * 0.99 && seconds - computing < (busy ? 0.2 : 0.1) * seconds;
  return isAlike ? [] : [said];
}
