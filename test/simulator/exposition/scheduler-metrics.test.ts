import { expect, test } from "vitest";
import { writeExposition } from "../../../bench/simulator/exposition/exposition.ts";
import { SchedulerMetrics } from "../../../bench/simulator/exposition/scheduler-metrics.ts";
import type { SchedulerView } from "../../../bench/simulator/scheduling/scheduler.ts";
import { sglangTraits } from "../../../bench/simulator/settings/sglang.ts";

const second = 1e9;
const idle: SchedulerView = {
  nowNs: 0,
  runningCount: 0,
  decodingCount: 0,
  queuedCount: 0,
  usedTokens: 0,
  evictableTokens: 0,
  poolTokens: 1000,
  sequenceTokens: 0,
};
const step = { tokens: 3, requests: 3, durationNs: 4e6 };

function gauge(metrics: SchedulerMetrics, view: SchedulerView, name: string): number {
  const line = writeExposition(metrics.families(view))
    .split("\n")
    .find((text) => text.startsWith(`sglang:${name}{`));
  return Number(line?.slice(line.lastIndexOf(" ")) ?? Number.NaN);
}

/** 40 decode steps of three requests, the last of them at second 10, after which nothing is left to do. */
function afterWork(version: "0.5.10" | "0.5.23"): SchedulerMetrics {
  const metrics = new SchedulerMetrics({ tp_rank: "0" }, sglangTraits[version], 0);
  const busy = { ...idle, runningCount: 3, decodingCount: 3, usedTokens: 300 };
  for (let at = 1; at <= 40; at++) metrics.decoded(step, { ...busy, nowNs: (at / 4) * second });
  return metrics;
}

test("0.5.10 shows what ran until 30 s after the last report, and then that nothing does", () => {
  const metrics = afterWork("0.5.10");
  const running = (nowNs: number) => gauge(metrics, { ...idle, nowNs }, "num_running_reqs");
  expect([running(10 * second), running(39 * second), running(41 * second)]).toEqual([3, 3, 0]);
  expect(gauge(metrics, { ...idle, nowNs: 41 * second }, "gen_throughput")).toBe(0);
});

test("0.5.23 corrects the gauge of what runs as soon as nothing does", () => {
  const metrics = afterWork("0.5.23");
  expect(gauge(metrics, { ...idle, nowNs: 10.1 * second }, "num_running_reqs")).toBe(0);
});

test.each(["0.5.10", "0.5.23"] as const)("%s, while it works, tells only of its latest report", (version) => {
  const metrics = afterWork(version);
  const busy = { ...idle, nowNs: 11 * second, runningCount: 5, decodingCount: 4, queuedCount: 2 };
  expect(gauge(metrics, busy, "num_running_reqs")).toBe(3);
  metrics.prefillBegan({ computed: 30, cached: 10 }, busy);
  expect(gauge(metrics, busy, "num_running_reqs")).toBe(4);
  expect(gauge(metrics, busy, "num_queue_reqs")).toBe(2);
  expect(gauge(metrics, busy, "cache_hit_rate")).toBe(0.25);
});

test("the moments of the decode steps add up", () => {
  const metrics = new SchedulerMetrics({ tp_rank: "0" }, sglangTraits["0.5.23"], 0);
  metrics.decoded(step, idle);
  metrics.decoded({ tokens: 1, requests: 1, durationNs: 2e6 }, idle);
  expect(metrics.decodeMoments).toEqual([2, 4, 6000, 10, 14_000, 4]);
});
