import * as fc from "fast-check";
import { expect, test } from "vitest";
import { answeredElsewhere, judgeCell, type VerdictFacts } from "../../../bench/analysis/cell/judge-cell.ts";
import type { EngineReadings } from "../../../bench/analysis/cell/engine-readings.ts";
import type { SegmentUse } from "../../../bench/analysis/cell/segment-choice.ts";
import { verdicts } from "../../../bench/analysis/cell/verdict.ts";

const used: SegmentUse = {
  segmentId: "s0",
  used: true,
  excluded: null,
  episodes: 4,
  seconds: 60,
  drained: true,
};
const engine: EngineReadings = {
  engine: "sglang",
  seconds: 60,
  requests: 12,
  promptTokens: 1200,
  completionTokens: 120,
  cachedTokens: 0,
  cacheHitRate: 0,
  inputTokensPerSecond: 20,
  outputTokensPerSecond: 2,
  queueSecondsMean: 0,
  ttftSecondsMean: 0.1,
  ttftScope: "streaming",
  e2eSecondsMean: 0.2,
  aborted: 0,
  retractions: 0,
  restarted: false,
  problems: [],
};
const sound: VerdictFacts = {
  planned: 4,
  finished: 4,
  segments: [used],
  agentEngine: engine,
  tokenCheck: { status: "exact", details: [] },
  answered: 12,
  innerRequests: 12,
  pressure: [{ process: "driver", eventLoopUtilization: 0.2 }],
  seconds: 60,
};
const verdictOf = (changes: Partial<VerdictFacts>) => judgeCell({ ...sound, ...changes }).verdict;

test("a sound cell is valid and has no reason against it", () => {
  expect(judgeCell(sound)).toEqual({ verdict: "valid", reasons: [] });
});

test.each<[string, Partial<VerdictFacts>]>([
  ["engine-died", { segments: [used, { ...used, segmentId: "s1", used: false, excluded: "engine-died" }] }],
  ["interrupted", { segments: [used, { ...used, segmentId: "s1", used: false, excluded: "unclosed" }] }],
  ["interrupted", { finished: 3 }],
  ["not-drained", { segments: [{ ...used, drained: false }] }],
  ["engine-restarted", { agentEngine: { ...engine, restarted: true } }],
  ["no-metrics", { agentEngine: null }],
  ["no-metrics", { agentEngine: { ...engine, promptTokens: null } }],
  ["different-engines", { agentEngine: { ...engine, promptTokens: 0 }, innerRequests: 0 }],
  ["failing", { failing: "3 of 4 episodes failed", finished: 3 }],
  ["token-mismatch", { tokenCheck: { status: "mismatch", details: ["outer 1, inner 2"] } }],
  ["client-limited", { pressure: [{ process: "driver", eventLoopUtilization: 0.71 }] }],
  ["client-limited", { stolenShares: [0.11] }],
])("%s: %j", (verdict, changes) => {
  expect(verdictOf(changes)).toBe(verdict);
});

test.each<Partial<VerdictFacts>>([
  // Nothing of it counts: it was run again, and the later run is judged.
  { segments: [used, { ...used, segmentId: "s1", used: false, excluded: "unclosed", episodes: 0 }] },
  { segments: [used, { ...used, segmentId: "s1", used: false, excluded: "replaced", drained: false }] },
  { tokenCheck: { status: "explained", details: ["2 requests were repeated"] } },
  { segments: [{ ...used, drained: null }] },
  { pressure: [{ process: "driver", eventLoopUtilization: 0.7 }] },
  // The inner hop is not tapped, and the counters moved: the engine was reached.
  { innerRequests: 0 },
])("no reason: %j", (changes) => {
  expect(verdictOf(changes)).toBe("valid");
});

test("an engine without metrics cannot be seen to be busy, so only the missing metrics are said", () => {
  const { reasons } = judgeCell({ ...sound, agentEngine: null, segments: [{ ...used, drained: false }] });
  expect(reasons.map(({ verdict }) => verdict)).toEqual(["no-metrics"]);
});

test("without a used segment nothing is said of an engine that was never read", () => {
  const segments = [{ ...used, used: false, excluded: "unclosed" as const }];
  const { reasons } = judgeCell({ ...sound, agentEngine: null, segments });
  expect(reasons.map(({ verdict }) => verdict)).toEqual(["interrupted"]);
});

test("the verdict is the worst of its reasons, and reasons stand worst first, whatever is wrong", () => {
  const facts = fc.record({
    finished: fc.constantFrom(3, 4),
    segments: fc.constantFrom(
      [used],
      [{ ...used, drained: false }],
      [{ ...used, excluded: "engine-died" as const }],
    ),
    agentEngine: fc.constantFrom(engine, null, { ...engine, restarted: true }),
    tokenCheck: fc.constantFrom(sound.tokenCheck, { status: "mismatch" as const, details: ["a", "b"] }),
    stolenShares: fc.constantFrom([0], [0.5]),
  });
  fc.assert(
    fc.property(facts, (changes) => {
      const { verdict, reasons } = judgeCell({ ...sound, ...changes });
      const places = reasons.map((reason) => verdicts.indexOf(reason.verdict));
      expect(places).toEqual(places.toSorted((a, b) => a - b));
      expect(verdict).toBe(reasons[0]?.verdict ?? "valid");
    }),
  );
});

test("requests that went elsewhere are seen only where the counters could be read", () => {
  expect(answeredElsewhere({ answered: 3, innerRequests: 0, countedPromptTokens: 0 })?.detail).toContain(
    "none of the 3 answered requests",
  );
  expect(answeredElsewhere({ answered: 3, innerRequests: 0, countedPromptTokens: null })).toBeNull();
  expect(answeredElsewhere({ answered: 3, innerRequests: 1, countedPromptTokens: 0 })).toBeNull();
  expect(answeredElsewhere({ answered: 0, innerRequests: 0, countedPromptTokens: 0 })).toBeNull();
});

const died = (episodes: number): SegmentUse => ({ ...used, used: false, excluded: "engine-died", episodes });
const later = (episodes: number): SegmentUse => ({ ...used, segmentId: "s1", episodes });

test("a cell whose engine died is engine-died, although the run went on with a new engine", () => {
  expect(verdictOf({ segments: [died(0), later(4)] })).toBe("engine-died");
  expect(verdictOf({ segments: [died(1), later(3)] })).toBe("engine-died");
  expect(verdictOf({ segments: [died(0)], finished: 0 })).toBe("engine-died");
  expect(verdictOf({ segments: [died(0), later(3)], finished: 3 })).toBe("engine-died");
});

test("a cell that was done again as a whole is judged by the segment that its results are from", () => {
  expect(verdictOf({ segments: [{ ...died(0), excluded: "replaced" }, later(4)] })).toBe("valid");
  const killed = { ...used, used: false, excluded: "unclosed" as const, episodes: 0 };
  expect(verdictOf({ segments: [killed, later(4)] })).toBe("valid");
});
