import { expect, test } from "vitest";
import type { EngineDelta } from "../../../bench/metrics/engine-delta.ts";
import { compareReplay } from "../../../bench/analysis/replay/comparison.ts";
import type { LegEvidence } from "../../../bench/evidence/leg-evidence.ts";
import { judgeReplay, sendFacts } from "../../../bench/analysis/replay/replay-verdict.ts";
import { blockOrder } from "../../../bench/statistics/block-order.ts";
import type { TapTiming } from "../../../bench/evidence/tap-timing.ts";
import { baselineArm, gatewayArm, legOf, replayPlan, sampleOf } from "../../evidence/leg-builder.ts";

const arms = [baselineArm, gatewayArm];
const requests = Array.from({ length: 4 }, (_, index) => ({ session: 0, index }));

/** Each request as both taps saw it. */
const timings: readonly TapTiming[] = requests.flatMap(({ index }) =>
  (["outer", "inner"] as const).map((hop) => ({
    v: 1,
    hop,
    arm: "gateway",
    requestId: `r${index}`,
    episodeId: "e",
    attemptKey: "a",
    method: "POST",
    path: "/v1/chat/completions",
    status: 200,
    outcome: "completed",
    error: null,
    streamed: true,
    requestBytes: 100,
    responseBytes: 100,
    startedNs: 1e9,
    requestEndNs: 1e9,
    firstByteNs: 1e9,
    firstTokenNs: 1e9,
    lastTokenNs: 1.05e9,
    endedNs: 1.05e9,
    usage: { promptTokens: 500, completionTokens: 17, cachedTokens: 0 },
    finishReason: "stop",
  })),
);
/** What an engine's counters say about those requests; only what a verdict looks at. */
const counted = {
  engine: "sglang",
  reset: false,
  resolution: {},
  unknown: {},
  problems: [],
  num_requests: 4,
  prompt_tokens: 2000,
  generation_tokens: 68,
  cached_tokens: 0,
  aborted: 0,
} as unknown as EngineDelta;

const sound: readonly LegEvidence[] = Array.from({ length: 4 }, (_, block) =>
  blockOrder(arms, block).map((arm, position) => ({
    ...legOf(
      { arm, block, position },
      requests.map((at) => sampleOf(at, 50)),
    ),
    timings,
    engine: counted,
  })),
).flat();

function verdictOf(change: (leg: LegEvidence) => Partial<LegEvidence>, interrupted = false) {
  const legs = sound.map((leg, at) => (at === 5 ? { ...leg, ...change(leg) } : leg));
  const comparisons = compareReplay(legs, replayPlan(arms, 4), { confidence: 0.95, margin: null });
  return judgeReplay({ legs, comparisons, interrupted, failedShareMax: 0.05 });
}

test("a sound replay is valid and has no reason against it", () => {
  expect(verdictOf(() => ({}))).toEqual({ verdict: "valid", reasons: [] });
});

test("legs that a hypervisor disturbed are one reason, with their number", () => {
  const legs = sound.map((leg, at) => ({
    ...leg,
    facts: { ...leg.facts, stolenShare: at < 3 ? 0.2 + at / 10 : 0.01 },
  }));
  expect(judgeReplay({ legs, comparisons: [], interrupted: false, failedShareMax: 0.05 })).toMatchObject({
    verdict: "client-limited",
    reasons: [
      {
        detail:
          "the hypervisor took up to 40 % of the processors' time (limit 10 %, above it in 3 of 16 segments)",
      },
    ],
  });
});

test.each<[string, (leg: LegEvidence) => Partial<LegEvidence>, string]>([
  ["a part that ended", () => ({ died: true, complete: false }), "engine-died"],
  ["an engine that began again", () => ({ engine: { ...counted, reset: true } }), "engine-restarted"],
  ["an engine without counters", () => ({ engine: null }), "no-metrics"],
  [
    "answers of another engine",
    () => ({
      timings: timings.filter(({ hop }) => hop === "outer"),
      engine: { ...counted, num_requests: 0, prompt_tokens: 0, generation_tokens: 0 },
    }),
    "different-engines",
  ],
  ["work that was left", ({ facts }) => ({ facts: { ...facts, drained: false } }), "not-drained"],
  [
    "counters that moved otherwise",
    () => ({ engine: { ...counted, generation_tokens: 60 } }),
    "token-mismatch",
  ],
  ["requests sent more than once", ({ path }) => ({ path: { ...path, retried: 2 } }), "token-mismatch"],
  [
    "a clock that went back",
    ({ samples }) => ({ samples: samples.map((sample) => ({ ...sample, endedNs: 0 })) }),
    "token-mismatch",
  ],
  [
    "a busy timing thread",
    ({ facts }) => ({
      facts: { ...facts, pressure: [{ process: "timing thread", eventLoopUtilization: 0.9 }] },
    }),
    "client-limited",
  ],
])("%s turns it red", (_, change, verdict) => {
  const judged = verdictOf(change);
  expect(judged.verdict).toBe(verdict);
  expect(judged.reasons.length).toBeGreaterThan(0);
  expect(judged.reasons[0]?.detail).toMatch(/^(flush-closed-4\.|timing thread)/);
});

test("late sends and an interruption are named", () => {
  const late = verdictOf(({ samples }) => ({
    samples: samples.map((sample) => ({ ...sample, intendedNs: sample.intendedNs - 200e6 })),
  }));
  expect(late.verdict).toBe("client-limited");
  const stopped = verdictOf(() => ({ complete: false }), true);
  expect(stopped.verdict).toBe("interrupted");
  expect(stopped.reasons[0]?.detail).toBe("the replay was stopped; 3 blocks are whole and count");
});

test("an open loop's rate is that of its conversations; a closed loop has none to miss", () => {
  const begins = (load: string, sentGapMs: number): readonly LegEvidence[] => {
    const samples = Array.from({ length: 5 }, (_, session) =>
      [0, 1].map((index) => ({
        ...sampleOf({ session, index }, 50),
        // Planned every 10 ms; the second requests come when their answers do.
        intendedNs: 1e9 + session * 10e6 + index * 5e9,
        sentNs: 1e9 + session * sentGapMs * 1e6 + index * 5e9,
      })),
    ).flat();
    const leg = legOf({ arm: baselineArm, block: 0, position: 0 }, samples);
    return [{ ...leg, setting: { ...leg.setting, load } }];
  };
  const [onTime] = sendFacts(begins("open:100", 10));
  expect(onTime?.plannedPerSecond).toBeCloseTo(100, 9);
  expect(onTime?.sentPerSecond).toBeCloseTo(100, 9);
  const [slow] = sendFacts(begins("open:100:constant", 12.5));
  expect(slow?.sentPerSecond).toBeCloseTo(80, 9);
  expect(sendFacts(begins("closed:4", 12.5))[0]).toMatchObject({
    plannedPerSecond: null,
    sentPerSecond: null,
  });
});
