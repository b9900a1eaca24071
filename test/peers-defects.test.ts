import { existsSync, readFileSync } from "node:fs";
import { expect, test } from "vitest";

/**
 * Defects that were found in other benchmarks of model servers, and the test that would catch each in Tollgate. The test
 * below makes sure that each of them is still there under its name.
 */
interface Row {
  readonly peer: string;
  readonly defect: string;
  readonly file: string;
  readonly title: string;
}

const rows: readonly Row[] = [
  {
    peer: "autocannon 8",
    defect: "back-fills expected intervals in the wrong unit: a 100 ms server shows 53 ms",
    file: "test/load/run-load.test.ts",
    title: "latency from the intended start is that of the queue: 20 a second into a server that does 10",
  },
  {
    peer: "inference-perf",
    defect: "a constant rate draws exponential gaps",
    file: "test/load/schedule.test.ts",
    title: "a constant rate has gaps that are all the same, also after a million of them",
  },
  {
    peer: "inference-perf",
    defect: "arrivals are not seeded",
    file: "test/load/schedule.test.ts",
    title: "every schedule ascends and is a function of its seed",
  },
  {
    peer: "guidellm",
    defect: "workers share a seed, so that Poisson arrivals come in bursts (index of dispersion 6.1)",
    file: "test/load/schedule.test.ts",
    title: "Poisson arrivals: exponential gaps, independent, as many in every window as the rate says",
  },
  {
    peer: "guidellm",
    defect: "nobody looks at what really arrived",
    file: "test/selftest/selftest.test.ts",
    title:
      "a generator that sends when it likes is found out by the server's log, though it says that it was on time",
  },
  {
    peer: "AIPerf (2025-10)",
    defect: "sleeps an interval after each send, so that the rate drifts",
    file: "test/load/run-load.test.ts",
    title: "an open loop sends when the plan says, whatever has not come back yet",
  },
  {
    peer: "genai-bench",
    defect: "a fresh connection for every request: its handshake is inside each TTFT",
    file: "test/load/connections.test.ts",
    title: "requests reuse their connections: no handshake is inside a latency",
  },
  {
    peer: "genai-bench",
    defect: "warm-up leaves the token sum and not the time, so that throughput is too low",
    file: "test/report/cell-summary.test.ts",
    title: "a killed segment counts for rewards only; its lost attempt is waste",
  },
  {
    peer: "genai-bench",
    defect: "a run in which everything failed crashes",
    file: "test/report/hard-cells.test.ts",
    title:
      "a cell in which everything failed is reported: no latency, no rate of trajectories, every failure counted",
  },
  {
    peer: "inference-perf",
    defect: "a failed metrics query is 0.0",
    file: "test/metrics/delta.test.ts",
    title: "absent in both is null, present and unmoved is zero",
  },
  {
    peer: "inference-perf",
    defect: "a failed scrape passes for an empty page",
    file: "test/metrics/snapshot.test.ts",
    title: "failures are told apart",
  },
  {
    peer: "inference-perf",
    defect: "rates are over a wider window than the load ran in",
    file: "test/report/cell-summary.test.ts",
    title: "a cell that ran through: counts, rates, latencies, engine and taps agree",
  },
  {
    peer: "guidellm (#216)",
    defect: "durations from the wall clock: a TTFT of -1.7e12 ms",
    file: "test/report/hard-cells.test.ts",
    title: "a wall clock that goes back changes no number: durations are monotonic",
  },
  {
    peer: "guidellm (#216)",
    defect: "a wall clock in a new place",
    file: "test/report/hard-cells.test.ts",
    title: "nothing in the product subtracts wall clocks",
  },
  {
    peer: "inference-perf (#580)",
    defect: "token counts differ between client and server and nothing says so",
    file: "test/metrics/reconcile.test.ts",
    title: "a difference is named with its size and where there is more",
  },
  {
    peer: "inference-perf (#564, #566), vLLM (#44708)",
    defect: "tokens counted again from chunks: BOS in each, another tokenizer",
    file: "test/tap/generation-reading.test.ts",
    title: "the role chunk is not the first token, and usage and finish reason come from the end",
  },
  {
    peer: "vLLM bench (#39963)",
    defect: "one shared read buffer: long contexts make the client the bottleneck",
    file: "test/tap/tap.test.ts",
    title: "large bodies pass unchanged in both directions and slow readers slow the engine down",
  },
  {
    peer: "vLLM bench (#54101)",
    defect: "waiting for a free slot is left out of the latency",
    file: "test/load/run-load.test.ts",
    title: "latency from the intended start is that of the queue: 20 a second into a server that does 10",
  },
  {
    peer: "llm-d-benchmark (#261), tenstorrent (#259)",
    defect: "the client's own scheduling is inside TTFT and ITL",
    file: "test/selftest/selftest.test.ts",
    title: "a client whose stamps are 2 ms late is off by 2 ms",
  },
  {
    peer: "llm-d-benchmark (#261), tenstorrent (#259)",
    defect: "a client that cannot keep up is not found out",
    file: "test/report/client-limits.test.ts",
    title: "one stall in a long cell is a blip, in a short one it is not; too few timers have no p99",
  },
  {
    peer: "guidellm (#470)",
    defect: "less throughput than another client at the same setting, and no word of it",
    file: "test/report/client-limits.test.ts",
    title: "another rate than planned is rate-missed, also when nothing at all was sent",
  },
  {
    peer: "guidellm (#470)",
    defect: "in flight is not what was asked for",
    file: "test/measure/little.test.ts",
    title: "requests that were lost from the records show as a discrepancy",
  },
  {
    peer: "sglang bench_serving (#8285)",
    defect: "one run is taken for evidence: TTFT of the same command was 1.7 to 47 s",
    file: "test/report/report.test.ts",
    title: "one pair of cells cannot say that episodes take longer; three that agree can",
  },
  {
    peer: "sglang bench_serving (#8285)",
    defect: "drift between runs is not in an interval",
    file: "test/measure/coverage.test.ts",
    title: "ignoring blocks is too sure of itself: the reason why blocks are the unit",
  },
  {
    peer: "all but MLPerf endpoints",
    defect: "a p99 from a handful of values",
    file: "test/measure/distribution.test.ts",
    title: "the minimum-sample rule gives the published numbers",
  },
];

test.each(rows)("$peer: $defect", ({ file, title }) => {
  expect(existsSync(file)).toBe(true);
  const titles = [
    ...readFileSync(file, "utf8").matchAll(/\btest(?:\.\w+(?:<[^>]*>)?\([^)]*\))?\(\s*"((?:[^"\\]|\\.)*)"/g),
  ];
  expect(titles.map(([, found]) => found)).toContain(title);
});
