import { execFile } from "node:child_process";
import { existsSync, globSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { basename, dirname, join, resolve } from "node:path";
import { promisify } from "node:util";
import { zstdDecompressSync } from "node:zlib";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { recordedEpisodeSchema } from "../../bench/workload/recorded-episode.ts";
import { lastLine, sound } from "./small-experiment.ts";
import { cellSummaries, episodesOf, expectExit, tollgate, type Finished } from "./tollgate-process.ts";

/**
 * The real SGLang on CPUs with weights that pass the library's tasks. Taken from SGLANG_PYTHON, else installed from PyPI: 8 GB
 * and some five minutes, removed afterwards. The weights are no part of this repository.
 */
const weights = resolve(
  process.env["LIBRARY_MODEL"] ??
    join(process.env["TOLLGATE_SHARED"] ?? "../shared", "real-engines/model-library"),
);
const folder = mkdtempSync(join(tmpdir(), "tollgate-real-engine-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const minutes = 60_000;
const run = promisify(execFile);

/** Interpreter with SGLang; a text that does not begin with a slash says why there is none. */
async function sglangPython(version: string): Promise<string> {
  const given = process.env["SGLANG_PYTHON"];
  if (given) return resolve(given);
  try {
    const { stdout } = await run("scripts/real-engines/install-sglang.sh", [version, join(folder, version)], {
      timeout: 25 * minutes,
    });
    return stdout.trim().replace("export SGLANG_PYTHON=", "");
  } catch (thrown) {
    return `SGLang ${version} cannot be installed here: ${String(thrown).slice(-300)}`;
  }
}

interface Line {
  readonly hop: string;
  readonly method: string;
  readonly startedNs: number;
  readonly firstByteNs: number;
  readonly firstTokenNs: number | null;
  readonly endedNs: number;
}

/** Mean of a time at the inner tap, and of the engine's own histogram of the same requests, both in milliseconds. */
function meanTimes(segment: string, { until, histogram }: { until: keyof Line; histogram: string }) {
  const times = readFileSync(join(segment, "taps.ndjson"), "utf8")
    .trimEnd()
    .split("\n")
    .map((line) => JSON.parse(line) as Line)
    .filter(({ hop, method }) => hop === "inner" && method === "POST")
    .map((line) => (Number(line[until]) - line.startedNs) / 1e6);
  const total = (when: string, part: string) =>
    readFileSync(join(segment, `agent-${when}.prom`), "utf8")
      .split("\n")
      .filter((line) => line.startsWith(`sglang:${histogram}_${part}`))
      .reduce((sum, line) => sum + Number(line.slice(line.lastIndexOf(" ") + 1)), 0);
  const moved = (part: string) => total("after", part) - total("before", part);
  return {
    requests: [times.length, moved("count")],
    tapMs: times.reduce((sum, one) => sum + one, 0) / times.length,
    engineMs: (moved("sum") / moved("count")) * 1000,
  };
}

/**
 * Ours are a few milliseconds longer: the way there and back. 5 per cent where the machine had time; where the cell's verdict
 * says that it had none, requests wait for a processor between tap and engine.
 */
function expectAlike(
  { requests: [ours, theirs], tapMs, engineMs }: ReturnType<typeof meanTimes>,
  verdict: unknown,
) {
  expect(ours).toBe(theirs);
  expect(tapMs).toBeGreaterThanOrEqual(engineMs * 0.99);
  expect(tapMs - engineMs).toBeLessThan(Math.max((verdict === "valid" ? 0.05 : 0.15) * engineMs, 20));
}

describe.skipIf(!existsSync(join(weights, "model.safetensors")))("the real SGLang 0.5.10.post1", () => {
  let python = "";
  beforeAll(async () => {
    python = await sglangPython("0.5.10.post1");
  }, 30 * minutes);

  const command = (...args: readonly string[]): Promise<Finished> =>
    tollgate([...args, "--out", join(folder, "runs")], { SGLANG_PYTHON: python, LIBRARY_MODEL: weights });

  test("sweeps raw, L0 and L2: every task passes, tokens exact, times as its own histograms have them", async ({
    skip,
  }) => {
    if (!python.startsWith("/")) skip(python);
    const sweep = await command("sweep", "experiments/real-cpu.yaml");
    expectExit(sweep, 0);
    const directory = lastLine(sweep);
    expect(episodesOf(directory).map(({ reward }) => reward)).toEqual(Array.from({ length: 36 }, () => 1));
    const summaries = cellSummaries(directory);
    for (const summary of Object.values(summaries))
      expect(summary).toMatchObject({ verdict: sound, tokenCheck: { status: "exact" } });
    const agent = JSON.parse(readFileSync(join(directory, "evidence/servers/agent.json"), "utf8")) as unknown;
    expect(agent).toMatchObject({
      simulated: false,
      identity: { name: "sglang", version: "0.5.10.post1", simulated: false },
      process: { command: expect.arrayContaining([`--model-path=${weights}`]) },
      serverInfo: { tool_call_parser: "qwen" },
    });
    for (const segment of globSync(join(directory, "evidence/*/s0"))) {
      const verdict = summaries[basename(dirname(segment))]?.["verdict"];
      expectAlike(
        meanTimes(segment, { until: "endedNs", histogram: "e2e_request_latency_seconds" }),
        verdict,
      );
      // The chat API sends its head with the first token, /generate at once.
      const until = segment.includes("l2") ? "firstTokenNs" : "firstByteNs";
      expectAlike(meanTimes(segment, { until, histogram: "time_to_first_token_seconds" }), verdict);
      const facts = JSON.parse(readFileSync(join(segment, "segment.json"), "utf8")) as unknown;
      expect(facts).toMatchObject({ drained: true });
    }
  });

  test("collects at L2: every episode with the ids and logprobs of all of its tokens", async ({ skip }) => {
    if (!python.startsWith("/")) skip(python);
    const collected = await command("collect", "experiments/real-cpu.yaml", "--arm", "l2");
    expectExit(collected, 0);
    const directory = lastLine(collected);
    const recorded = zstdDecompressSync(readFileSync(join(directory, "tokens.jsonl.zst")))
      .toString("utf8")
      .trimEnd()
      .split("\n")
      .map((line) => recordedEpisodeSchema.parse(JSON.parse(line)));
    const episodes = episodesOf(directory);
    expect(episodes).toHaveLength(12);
    for (const { episodeId, reward, completionTokens } of episodes) {
      const calls = recorded.find((one) => one.episodeId === episodeId)?.calls ?? [];
      const ids = calls.flatMap(({ outputIds }) => outputIds ?? []);
      const logprobs = calls.flatMap(({ outputLogprobs }) => outputLogprobs ?? []);
      expect([reward, ids.length, logprobs.length]).toEqual([1, completionTokens, completionTokens]);
    }
  });
});
