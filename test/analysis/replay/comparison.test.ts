import { expect, test } from "vitest";
import type { LoadSample } from "../../../bench/load/load.ts";
import { percentile } from "../../../bench/statistics/distribution.ts";
import { planLooks } from "../../../bench/statistics/group-sequential.ts";
import { halfWidth } from "../../../bench/statistics/interval.ts";
import { createRng, exponential, gamma, normal, type Rng } from "../../../bench/statistics/rng.ts";
import { blockOrder } from "../../../bench/statistics/block-order.ts";
import { compareReplay } from "../../../bench/analysis/replay/comparison.ts";
import type { LegEvidence } from "../../../bench/evidence/leg-evidence.ts";
import { joinPath } from "../../../bench/evidence/path-samples.ts";
import { pairRequests, type DropReason } from "../../../bench/analysis/replay/paired-requests.ts";
import { buildTiming } from "../../evidence/tap-builder.ts";
import { baselineArm, gatewayArm, legOf, replayPlan, sampleOf } from "../../evidence/leg-builder.ts";

const arms = [baselineArm, gatewayArm];
const requests = Array.from({ length: 20 }, (_, at) => ({ session: Math.floor(at / 4), index: at % 4 }));

/** Few, so that thousands of runs take seconds: what matters is between legs. */
const few = requests.slice(0, 6);

/** Blocks of a run in which every request of the gateway takes `addedMs` longer; `noise` is of one leg. */
function simulate(
  {
    blocks,
    addedMs,
    sent = requests,
  }: {
    readonly blocks: number;
    readonly addedMs: (request: number) => number;
    readonly sent?: typeof requests;
  },
  noise: (place: { readonly block: number; readonly position: number }) => () => number,
): LegEvidence[] {
  return Array.from({ length: blocks }, (_, block) =>
    blockOrder(arms, block).map((arm, position) => {
      const draw = noise({ block, position });
      const samples = sent.map((at, request) => {
        const added = arm.label === "gateway" ? addedMs(request) : 0;
        return sampleOf(at, Math.max(1, 50 + 10 * at.index + added + draw()));
      });
      return legOf({ arm, block, position }, samples);
    }),
  ).flat();
}
const quiet = () => () => 0;
const compare = (legs: readonly LegEvidence[], options = {}) => {
  const [comparison] = compareReplay(legs, replayPlan(arms, 8), {
    confidence: 0.95,
    margin: null,
    ...options,
  });
  if (comparison === undefined) throw new Error("nothing was compared");
  return comparison;
};

test("states the difference per request, per conversation, in its four parts and by prompt size", () => {
  const legs = simulate(
    { blocks: 4, addedMs: () => 3 },
    ({ block }) =>
      () =>
        block / 100,
  );
  const { metrics, session, strata, blocks, dropped, path, streaming } = compare(legs);
  expect(blocks).toBe(4);
  expect(metrics.e2e).toMatchObject({ count: 80, interval: { units: 4 } });
  expect(metrics.e2e.interval?.estimate).toBeCloseTo(3, 6);
  const parts = [metrics.toFirstByte, metrics.byteToToken, metrics.betweenTokens, metrics.afterTokens];
  expect(parts.map(({ interval }) => Number(interval?.estimate.toFixed(6)))).toEqual([1.2, 0.3, 1.5, 0]);
  expect(metrics.itl.interval?.estimate).toBeCloseTo(1.5 / 16, 9);
  expect(session.interval?.estimate).toBeCloseTo(12, 6);
  expect(session.count).toBe(20);
  expect(strata).toHaveLength(1);
  expect(strata[0]).toMatchObject({ from: 0, to: 1000, e2e: { count: 80 } });
  expect(Object.values(dropped).every((count) => count === 0)).toBe(true);
  expect(path).toBeNull();
  expect(streaming).toBe("comparable");
});

test("what only slow requests pay is in the percentiles, and a mean of all hides it", () => {
  const rng = createRng(12);
  const many = Array.from({ length: 60 }, (_, session) => ({ session, index: 0 }));
  // One request in twelve waits 40 ms more, wherever it stands.
  const legs = simulate(
    { blocks: 8, addedMs: (request) => (request % 12 === 0 ? 40 : 0), sent: many },
    () => {
      const level = normal(rng);
      return () => level + normal(rng);
    },
  );
  const { tails, metrics } = compare(legs);
  expect(metrics.e2e.interval?.estimate).toBeCloseTo(40 / 12, 0);
  const { p50, p95, p99 } = tails.e2e;
  expect(p50?.interval).toMatchObject({ units: 8, confidence: 0.95 });
  expect(Math.abs((p50?.arm ?? NaN) - (p50?.baseline ?? NaN))).toBeLessThan(1);
  for (const tail of [p95, p99]) {
    expect((tail?.arm ?? 0) - (tail?.baseline ?? 0)).toBe(tail?.interval?.estimate);
    expect(tail?.interval?.low).toBeGreaterThan(30);
    expect(tail?.interval?.high).toBeLessThan(50);
  }
  // Percentiles are those of all paired requests together, as everywhere else.
  const all = legs.filter(({ arm }) => arm.label === "gateway").flatMap(({ samples }) => samples);
  const e2eMs = all.map(({ sentNs, endedNs }) => (endedNs - (sentNs ?? 0)) / 1e6);
  expect([p50?.arm, p95?.arm, p99?.arm]).toEqual([0.5, 0.95, 0.99].map((q) => percentile(e2eMs, q)));
  expect(compare(legs)).toEqual(compare(legs));
  // 4 blocks of 2 x 60 are too few for p99, and no two blocks are too few for an interval.
  expect(compare(legs.slice(0, 16)).tails.e2e).toMatchObject({
    p95: { interval: { units: 4 } },
    p99: null,
  });
  expect(compare(legs.slice(0, 4)).tails.e2e).toMatchObject({ p50: { interval: null }, p99: null });
  // A block in which nothing could be paired is no unit of the interval.
  const unpaired = legs.map((leg) => (leg.block === 3 ? { ...leg, samples: [] } : leg));
  expect(compare(unpaired).tails.e2e.p50?.interval?.units).toBe(7);
});

test("an arm that finds more of its prompts in the cache is seen to do so", () => {
  const legs = simulate({ blocks: 4, addedMs: () => 0 }, quiet).map((leg) => ({
    ...leg,
    samples: leg.samples.map((sample) => ({
      ...sample,
      usage: {
        promptTokens: 500,
        completionTokens: 17,
        cachedTokens: leg.arm.label === "gateway" ? 400 : 300,
      },
    })),
  }));
  expect(compare(legs).cachedTokens).toEqual({ baseline: 300, arm: 400 });
  const silent = legs.map((leg, at) =>
    at > 0
      ? leg
      : {
          ...leg,
          samples: leg.samples.map((sample) => ({
            ...sample,
            usage: { promptTokens: 500, completionTokens: 17, cachedTokens: null },
          })),
        },
  );
  expect(compare(silent).cachedTokens).toBeNull();
});

test("a machine that slows down all the time changes no difference", () => {
  const drift =
    ({ block, position }: { block: number; position: number }) =>
    () =>
      5 * (4 * block + position);
  expect(
    compare(simulate({ blocks: 4, addedMs: () => 3 }, drift)).metrics.e2e.interval?.estimate,
  ).toBeCloseTo(3, 9);
});

test("a block without all of its turns is no block", () => {
  const legs = simulate({ blocks: 4, addedMs: () => 3 }, quiet);
  expect(compare(legs.slice(0, -1)).blocks).toBe(3);
  const stopped = legs.map((leg, at) => (at === 5 ? { ...leg, complete: false } : leg));
  expect(compare(stopped).blocks).toBe(3);
  expect(compare(legs.slice(0, 4)).metrics.e2e.interval).toBeNull();
});

test("a margin is judged, and how many more blocks would tell", () => {
  const rng = createRng(5);
  const legs = simulate({ blocks: 6, addedMs: () => 3 }, () => {
    const shift = normal(rng);
    return () => shift;
  });
  expect(compare(legs, { margin: "±100ms" }).metrics.e2e.margin?.verdict).toBe("inside");
  expect(compare(legs, { margin: "0.5ms" }).metrics.e2e.margin?.verdict).toBe("outside");
  const near = compare(legs, { margin: "±3.3ms" }).metrics.e2e.margin;
  expect(near?.verdict).toBe("cannot-tell");
  expect(near?.moreUnits).toBeGreaterThan(1);
  // 100 % of the baseline's mean.
  expect(compare(legs, { margin: "100%" }).metrics.e2e.margin?.verdict).toBe("inside");
});

test("a gateway that sends all tokens at the end has no TTFT and no ITL, but an end", () => {
  const atEnd = (sample: LoadSample) => ({
    ...sample,
    firstTokenNs: sample.endedNs,
    lastTokenNs: sample.endedNs,
  });
  const legs = simulate({ blocks: 4, addedMs: () => 3 }, quiet).map((leg) =>
    leg.arm.label === "gateway" ? { ...leg, samples: leg.samples.map(atEnd) } : leg,
  );
  const { streaming, metrics } = compare(legs);
  expect(streaming).toBe("simulated");
  expect([metrics.ttft.count, metrics.itl.count, metrics.e2e.count]).toEqual([0, 0, 80]);
});

test("what differs between the arms is left out and counted by the first reason", () => {
  const good = requests.map((at) => sampleOf(at, 50));
  const change = (changes: Partial<LoadSample>, at: number) =>
    good.map((sample, position) => (position === at ? { ...sample, ...changes } : sample));
  const usage = { promptTokens: 500, completionTokens: 17, cachedTokens: 0 };
  const broken: [Partial<LoadSample>, DropReason][] = [
    [{ outcome: "truncated" }, "not answered"],
    [{ outcome: "incomplete" }, "not answered: error or unfinished answer inside a 200"],
    [{ usage: null }, "no usage told"],
    [{ usage: { ...usage, promptTokens: 501 } }, "other prompt tokens"],
    [{ usage: { ...usage, completionTokens: 16 } }, "other output tokens"],
    [{ finishReason: "length" }, "other finish reason"],
    [{ endedNs: 1e9 - 1 }, "stamps out of order"],
    [{ firstTokenNs: 1e9 - 1 }, "stamps out of order"],
    [{ endedNs: Number.NaN }, "stamps out of order"],
  ];
  for (const [changes, reason] of broken) {
    const { paired, dropped, sessions } = pairRequests([good, good], [good, change(changes, 6)]);
    expect(paired).toHaveLength(19);
    expect(Object.entries(dropped).filter(([, count]) => count > 0)).toEqual([[reason, 1]]);
    // The conversation of the request that was left out is in no difference per conversation.
    expect([...sessions]).toEqual(["0", "2", "3", "4"]);
  }
  expect(pairRequests([good, good], [good, good.slice(1)]).dropped["not answered"]).toBe(1);
  const { otherText, paired } = pairRequests([good], [change({ outputSha256: "other" }, 0)]);
  expect([otherText, paired.length]).toEqual([1, 20]);
});

/** Heavy-tailed requests, legs that differ as neighbours come and go, and drift that bends. */
function noisy(rng: Rng) {
  let weather = 0;
  return ({ block, position }: { block: number; position: number }) => {
    weather = 0.6 * weather + 0.8 * normal(rng);
    const level = weather + 0.05 * (4 * block + position) ** 1.3;
    return () => level + gamma(rng, { shape: 0.7, mean: 4 }) + (rng.next() < 0.02 ? exponential(rng, 60) : 0);
  };
}
const runs = 1000;

test("of 1,000 runs with noise and drift at least 935 intervals hold the true difference", () => {
  const rng = createRng(11);
  let [covered, silent] = [0, 0];
  for (let run = 0; run < runs; run += 1) {
    const added = compare(
      simulate(
        arms6((request) => 2 + (request % 3)),
        noisy(rng),
      ),
    ).metrics.e2e.interval;
    if (added !== null && added.low <= 3 && 3 <= added.high) covered += 1;
    const nothing = compare(
      simulate(
        arms6(() => 0),
        noisy(rng),
      ),
    ).metrics.e2e.interval;
    if (nothing !== null && nothing.low <= 0 && 0 <= nothing.high) silent += 1;
  }
  expect({ covered, silent }).toEqual({
    covered: expect.toSatisfy(atLeast935),
    silent: expect.toSatisfy(atLeast935),
  });
});
const arms6 = (addedMs: (request: number) => number) => ({ blocks: 6, addedMs, sent: few });
const atLeast935 = (count: number) => count >= 935;

test("stopping when the interval is narrow enough keeps what it promises", () => {
  const rng = createRng(12);
  const { at, confidence } = planLooks(4, 14, 0.95);
  let [covered, early] = [0, 0];
  for (let run = 0; run < runs / 4; run += 1) {
    const legs = simulate({ blocks: 14, addedMs: () => 3, sent: few }, noisy(rng));
    for (const look of at) {
      const seen = legs.filter(({ block }) => block < look);
      const { interval } = compare(seen, { confidence }).metrics.e2e;
      if (interval === null || (halfWidth(interval) > 2.5 && look !== at.at(-1))) continue;
      if (look !== at.at(-1)) early += 1;
      if (interval.low <= 3 && 3 <= interval.high) covered += 1;
      break;
    }
  }
  expect(early).toBeGreaterThan(25);
  expect(covered).toBeGreaterThanOrEqual(0.935 * (runs / 4));
});

/** The turns of a run in whose gateway arm the engine is asked at `gatewayPath`; 3 ms between the taps, 1 ms in the baseline. */
function tappedLegs(gatewayPath: string): readonly LegEvidence[] {
  return simulate({ blocks: 4, addedMs: () => 0, sent: few }, quiet).map((leg) => {
    const isGateway = leg.arm.label === "gateway";
    const timings = few.flatMap(({ session, index }) => {
      const id = `${session}-${index}`;
      const inner = buildTiming({ hop: "inner", requestId: id, episodeId: id, attemptKey: id });
      return [
        { ...inner, path: isGateway ? gatewayPath : inner.path },
        { ...inner, hop: "outer" as const, startedNs: isGateway ? -3e6 : -1e6 },
      ];
    });
    return { ...leg, timings, path: joinPath(timings) };
  });
}

test("between the taps, first byte and first token are compared only where both arms ask one endpoint", () => {
  const alike = compare(tappedLegs("/v1/chat/completions"));
  expect(alike).not.toHaveProperty("firstTokenRefused");
  expect(alike.path?.firstTokenMs.interval?.estimate).toBeCloseTo(2, 6);
  const other = compare(tappedLegs("/generate"));
  expect(other.firstTokenRefused).toContain("this arm at /generate");
  expect(other.path?.firstTokenMs).toMatchObject({ interval: null, count: 0 });
  expect(other.path?.firstByteMs).toMatchObject({ interval: null, count: 0 });
  expect(other.path?.wholeMs.interval?.estimate).toBeCloseTo(2, 6);
  // What a client sees is the arm's, whatever it asks behind it.
  expect(other.metrics.ttft.count).toBe(alike.metrics.ttft.count);
});
