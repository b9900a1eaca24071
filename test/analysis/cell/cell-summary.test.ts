import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import type { Pressure } from "../../../bench/store/segment-facts.ts";
import { cellSummarySchema } from "../../../bench/analysis/cell/cell-summary.ts";
import { readCellSummary } from "../../../bench/analysis/measured-cell.ts";
import { readRun } from "../../../bench/store/read-run.ts";
import { latencyTable } from "../../../bench/report/tables/cell-tables.ts";
import { RunDirectory } from "../../../bench/store/run-directory.ts";
import { buildIdentity, plannedCell, runStarted } from "../../store/run-builder.ts";
import { writeSegment, type SegmentPlan } from "../../evidence/evidence-builder.ts";

let scratch: string;
beforeAll(async () => {
  scratch = await mkdtemp(join(tmpdir(), "tollgate-summary-"));
});
afterAll(() => rm(scratch, { recursive: true, force: true }));

const cell = plannedCell("gateway", 12, 4);
const all = cell.episodeIds.map((_, index) => index);
let made = 0;

/** The summary of a one-cell run whose segments are these. */
async function summaryOf(...plans: readonly Omit<SegmentPlan, "cell">[]) {
  made += 1;
  const identity = buildIdentity({ runId: `run-${made}`, cells: [cell] });
  {
    await using run = await RunDirectory.create(scratch, { identity, pid: process.pid });
    await run.append(runStarted(identity));
    for (const plan of plans) await writeSegment(run, { cell, ...plan });
  }
  return readCellSummary(await readRun(join(scratch, identity.runId)), cell.cellId);
}

test("a cell that ran through: counts, rates, latencies, engine and taps agree", async () => {
  const summary = await summaryOf({
    episodes: all,
    record: (episode) =>
      episode < 3 ? { reward: 0 } : episode === 3 ? { reward: null, labels: ["unjudged"] } : {},
  });
  expect(cellSummarySchema.parse(JSON.parse(JSON.stringify(summary)))).toEqual(summary);
  expect(summary).toMatchObject({
    cellId: "c4-r0-gateway",
    verdict: "valid",
    reasons: [],
    episodes: {
      planned: 12,
      finished: 12,
      byStatus: { completed: 12 },
      byFailureClass: {},
      byTermination: { user_stop: 12 },
      byLabel: { unjudged: 1 },
      judged: 11,
      passed: 8,
      unjudged: 1,
    },
    segments: [{ segmentId: "s0", used: true, excluded: null, episodes: 12, seconds: 10, drained: true }],
    seconds: 10,
    rates: {
      episodesPerMinute: { value: 72, count: 12, low: null, high: null },
      trajectoriesPerHour: { value: 4320, count: 12, low: null, high: null },
      requestsPerSecond: { value: 3.6, count: 36, low: null, high: null },
      inputTokensPerSecond: { value: 360, count: 36, low: null, high: null },
      outputTokensPerSecond: { value: 39.6, count: 36, low: null, high: null },
    },
    outer: {
      requests: 36,
      answered: 36,
      withoutUsage: 0,
      withoutCachedTokens: 0,
      promptTokens: 3600,
      completionTokens: 396,
      cachedTokens: 2160,
    },
    tokenCheck: { status: "exact", details: [] },
    waste: { attempts: 0, requests: 0, promptTokens: 0, completionTokens: 0 },
    pressure: [{ process: "openclaw-0", eventLoopUtilization: 0.25 }],
  });
  expect(summary.inner).toEqual(summary.outer);
  expect(summary.passRate.value).toBeCloseTo(8 / 11, 12);
  expect(summary.passRate.low).toBeCloseTo(0.4344, 4);
  expect(summary.passRate.high).toBeCloseTo(0.9025, 3);
  expect(summary.inFlight.episodes).toBeCloseTo(1.08, 10);
  expect(summary.agentEngine).toMatchObject({
    engine: "sglang",
    cacheHitRate: 0.6,
    requests: 36,
    restarted: false,
  });
  expect(summary.agentEngine?.queueSecondsMean).toBeCloseTo(0.004, 12);
});

test("latencies follow their definitions; percentiles wait for enough samples", async () => {
  const summary = await summaryOf({ episodes: all });
  // 50 ms to the first token at the engine plus 1 ms between the taps, for every request.
  expect(summary.ttftMs.p50.value).toBeCloseTo(51, 9);
  expect(summary.ttftMs).toMatchObject({
    count: 36,
    episodes: 12,
    p95: { value: null },
    p99: { value: null },
  });
  // E2E of request r in episode e: 200 + 7e + r + 1 ms.
  expect(summary.e2eMs.mean.value).toBeCloseTo(201 + 7 * 5.5 + 1, 9);
  expect(summary.e2eMs.mean.low).toBeLessThan(summary.e2eMs.mean.value!);
  expect(summary.e2eMs.mean.high).toBeGreaterThan(summary.e2eMs.mean.value!);
  // Per token: (last token - first token) / (11 - 1).
  expect(summary.itlMs.mean.value).toBeCloseTo((199 + 7 * 5.5 + 1 - 50) / 10, 9);
});

test("below ten episodes a latency has no interval, below eleven requests no median", async () => {
  const summary = await summaryOf({ episodes: [0, 1, 2], requestsPerEpisode: 3 });
  expect(summary.e2eMs.mean).toEqual({ value: expect.any(Number), count: 9, low: null, high: null });
  expect(summary.e2eMs.p50).toEqual({ value: null, count: 9, low: null, high: null });
});

test("a killed segment counts for rewards only; its lost attempt is waste", async () => {
  const lost = 5;
  const summary = await summaryOf(
    { episodes: [0, 1, 2, 3, 4], ended: null, timing: (timing) => timing },
    { segmentId: "s1", episodes: all.slice(lost), requestsPerEpisode: 2 },
  );
  expect(summary.episodes.finished).toBe(12);
  expect(summary.segments).toEqual([
    { segmentId: "s0", used: false, excluded: "unclosed", episodes: 5, seconds: null, drained: null },
    { segmentId: "s1", used: true, excluded: null, episodes: 7, seconds: 10, drained: true },
  ]);
  expect(summary.rates.episodesPerMinute).toEqual({ value: 42, count: 7, low: null, high: null });
  expect(summary.outer.requests).toBe(14);
  expect(summary.verdict).toBe("interrupted");
  expect(summary.reasons).toEqual([
    {
      verdict: "interrupted",
      detail: "segment s0 is unclosed; its 5 episodes count for rewards, not for rates",
    },
  ]);
});

test("attempts without a record are waste", async () => {
  const summary = await summaryOf({
    episodes: all,
    timing: (timing) =>
      timing.episodeId === cell.episodeIds[0] ? { ...timing, attemptKey: "lost" } : timing,
  });
  expect(summary.waste).toEqual({ attempts: 1, requests: 3, promptTokens: 300, completionTokens: 33 });
});

test("a cell that was run again is judged by that later run", async () => {
  const summary = await summaryOf(
    { episodes: all, ended: { reason: "interrupted" } },
    { segmentId: "s1", episodes: all },
  );
  expect(summary.verdict).toBe("valid");
  expect(summary.episodes.finished).toBe(12);
  expect(summary.segments.map(({ used, excluded }) => [used, excluded])).toEqual([
    [false, "interrupted"],
    [true, null],
  ]);
});

const late = (process: string, loopDelayMs: NonNullable<Pressure["loopDelayMs"]>) => {
  return { process, eventLoopUtilization: 0.1, loopDelayMs };
};

test.each<[string, Omit<SegmentPlan, "cell">, string, RegExp]>([
  [
    "an engine that counts other tokens than it answers",
    { episodes: all, engineSkew: { completion: 7 } },
    "token-mismatch",
    /completion tokens: inner tap 396, engine counter 403; 7 more at the engine counter/,
  ],
  [
    "answers without usage",
    {
      episodes: all,
      timing: (timing) => (timing.requestId.endsWith("-2") ? { ...timing, usage: null } : timing),
    },
    "token-mismatch",
    /outer tap: 12 of 36 requests answered without usage/,
  ],
  [
    "a gateway that changes usage",
    {
      episodes: all,
      timing: (timing) =>
        timing.hop === "outer"
          ? { ...timing, usage: { promptTokens: 101, completionTokens: 11, cachedTokens: 60 } }
          : timing,
    },
    "token-mismatch",
    /prompt tokens: outer tap 3636, inner tap 3600; 36 more at the outer tap/,
  ],
  ["an engine without metrics", { episodes: all, metrics: false }, "no-metrics", /no token counters/],
  [
    "an engine that restarted",
    { episodes: all, engineBefore: 1e6 },
    "engine-restarted",
    /went down or vanished/,
  ],
  [
    "engines that were not idle",
    { episodes: all, ended: { drained: false } },
    "not-drained",
    /not idle before the closing snapshot/,
  ],
  [
    "a dead engine",
    { episodes: all, ended: { reason: "engine-died" } },
    "engine-died",
    /ended in segment s0/,
  ],
  ["episodes that are missing", { episodes: [0, 1] }, "interrupted", /2 of 12 episodes are finished/],
  [
    "an agent process at its limit",
    { episodes: all, facts: { pressure: [{ process: "openclaw-0", eventLoopUtilization: 0.91 }] } },
    "client-limited",
    /openclaw-0 was busy 91 % of the time \(limit 70 %\)/,
  ],
  [
    "an agent process that does not answer",
    { episodes: all, facts: { pressure: [{ process: "openclaw-0", eventLoopUtilization: null }] } },
    "client-limited",
    /openclaw-0 did not say how busy it was/,
  ],
  [
    "a driver that stood still",
    { episodes: all, facts: { pressure: [late("driver", { samples: 90, p50: 1, p99: 900, max: 900 })] } },
    "client-limited",
    /driver: its event loop stood still for 0.9 s/,
  ],
  [
    "taps that ran late",
    { episodes: all, facts: { pressure: [late("tap", { samples: 700, p50: 1, p99: 80, max: 120 })] } },
    "client-limited",
    /tap: its event loop ran 80 ms late at p99 \(limit 50 ms\)/,
  ],
  [
    "an arm that answers from somewhere else",
    {
      episodes: all,
      engineSkew: { prompt: -3600, completion: -396 },
      timing: (timing) => (timing.hop === "inner" ? null : timing),
    },
    "different-engines",
    /none of the 36 answered requests reached the engine whose counters were read/,
  ],
  [
    "two prompts that differ and cancel out",
    {
      episodes: all,
      timing: (timing) => {
        const index = ["0", "1"].findIndex((end) => timing.requestId === `${cell.episodeIds[0]}-s0-${end}`);
        const promptTokens = 100 + (index < 0 ? 0 : [5, -5][index]!);
        return timing.hop === "outer" ? { ...timing, usage: { ...timing.usage!, promptTokens } } : timing;
      },
    },
    "token-mismatch",
    /2 requests came back with other counts than the engine gave: \w+-s0-0, \w+-s0-1/,
  ],
  [
    "a gateway that drops usage",
    {
      episodes: all,
      timing: (timing) => (timing.hop === "outer" ? { ...timing, usage: null } : timing),
    },
    "token-mismatch",
    /36 requests came back without usage: \w+-s0-0, .* and 31 more/,
  ],
  [
    "requests of somebody else at the engine",
    {
      episodes: all,
      timing: (timing) =>
        timing.hop === "outer" && timing.requestId === `${cell.episodeIds[3]}-s0-1` ? null : timing,
    },
    "token-mismatch",
    /1 requests at the inner tap belong to none at the outer tap: \w+-s0-1/,
  ],
  [
    "logged token ids that nobody was charged for",
    {
      episodes: all,
      record: (episode) =>
        episode === 2 ? { loggedTokens: { calls: 3, promptTokens: 300, outputTokens: 29 } } : {},
    },
    "token-mismatch",
    /logged token ids: episode \w+ has 300 \+ 29, its answers said 300 \+ 30/,
  ],
])("%s turns the verdict", async (...[, plan, verdict, detail]) => {
  const summary = await summaryOf(plan);
  expect(summary.verdict).toBe(verdict);
  expect(summary.reasons.map((reason) => reason.detail).join("\n")).toMatch(detail);
});

test("requests without an answer explain what the engine counted more", async () => {
  const summary = await summaryOf({
    episodes: all,
    timing: (timing) =>
      timing.requestId === `${cell.episodeIds[0]}-s0-0`
        ? { ...timing, outcome: "client-aborted", usage: null, status: 200 }
        : timing,
  });
  expect(summary.tokenCheck.status).toBe("explained");
  expect(summary.tokenCheck.details).toContain(
    "prompt tokens: inner tap 3500, engine counter 3600; 100 more at the engine counter",
  );
  expect(summary.verdict).toBe("valid");
});

test("requests that were sent again are counted, and the report says so beside their times", async () => {
  const again = { atNs: 1, error: "read ECONNRESET" };
  const summary = await summaryOf({
    episodes: all,
    timing: (timing) =>
      timing.hop === "inner" && timing.requestId.endsWith("-s0-1") ? { ...timing, sentAgain: again } : timing,
  });
  expect(summary.sentAgain).toEqual({ requests: all.length, first: "read ECONNRESET" });
  expect(summary.verdict).toBe("valid");
  expect(latencyTable([summary], []).notes.join("\n")).toMatch(/requests went once more .*read ECONNRESET/);
  expect(await summaryOf({ episodes: all })).not.toHaveProperty("sentAgain");
});

test("a gateway that asks twice is explained by the requests that it repeated", async () => {
  const repeated = `${cell.episodeIds[0]}-s0-0`;
  const summary = await summaryOf({
    episodes: all,
    engineSkew: { prompt: 100, completion: 11 },
    copies: (timing) => (timing.hop === "inner" && timing.requestId === repeated ? 2 : 1),
  });
  expect(summary.tokenCheck.status).toBe("explained");
  expect(summary.tokenCheck.details).toContain(
    `1 requests were sent to the engine more than once by the gateway: ${repeated}`,
  );
});

test("logged token ids that equal the answers' counts leave a cell exact", async () => {
  const loggedTokens = { calls: 3, promptTokens: 300, outputTokens: 30 };
  const summary = await summaryOf({ episodes: all, record: () => ({ loggedTokens }) });
  expect(summary).toMatchObject({ verdict: "valid", tokenCheck: { status: "exact", details: [] } });
});

test("a lost answer cannot explain more prompt tokens than its request had bytes", async () => {
  const summary = await summaryOf({
    episodes: all,
    engineSkew: { prompt: 5000 },
    timing: (timing) =>
      timing.requestId === `${cell.episodeIds[0]}-s0-0`
        ? { ...timing, outcome: "upstream-truncated", usage: null }
        : timing,
  });
  expect(summary.verdict).toBe("token-mismatch");
  expect(summary.tokenCheck.details).toContain("no request explains what the engine counted");
});

test("what is in no rate is not in its time either: an interrupted segment takes nothing from throughput", async () => {
  const summary = await summaryOf(
    { episodes: [0, 1, 2, 3, 4], ended: { reason: "interrupted", endedNs: 20e9 } },
    { segmentId: "s1", episodes: all.slice(5) },
  );
  expect(summary.segments.map(({ used, seconds }) => [used, seconds])).toEqual([
    [false, 20],
    [true, 10],
  ]);
  // Seven episodes of three requests with eleven tokens each, in 10 s.
  expect(summary.rates).toMatchObject({
    episodesPerMinute: { value: 42 },
    requestsPerSecond: { value: 2.1 },
    outputTokensPerSecond: { value: 23.1 },
  });
});
