import { array, assert, integer, property, record } from "fast-check";
import { expect, test } from "vitest";
import { joinHops, type HopJoin } from "../../bench/evidence/hop-join.ts";
import { joinPath, streamingOf } from "../../bench/evidence/path-samples.ts";
import type { TapTiming } from "../../bench/evidence/tap-timing.ts";

interface Call {
  readonly startMs: number;
  /** Time at the engine. */
  readonly engineMs: number;
  readonly tokens: number;
}

type Propagated = "request" | "attempt" | "nothing";

/** Both taps' view of calls, with 2 ms before and 1 ms after the engine. */
function seen(calls: readonly Call[], propagated: Propagated): readonly (readonly [TapTiming, TapTiming])[] {
  return calls.map(({ startMs, engineMs, tokens }, at) => {
    const timing = (hop: "outer" | "inner", [from, to]: readonly [number, number]): TapTiming => ({
      v: 1,
      hop,
      arm: "gateway",
      requestId: hop === "outer" || propagated === "request" ? `r${at}` : `inner:gateway-${at}`,
      episodeId: hop === "outer" || propagated !== "nothing" ? `e${at % 4}` : null,
      attemptKey: hop === "outer" || propagated !== "nothing" ? `e${at % 4}-a` : null,
      method: "POST",
      path: "/v1/chat/completions",
      status: 200,
      outcome: "completed",
      error: null,
      streamed: true,
      requestBytes: 10,
      responseBytes: 10,
      startedNs: from * 1e6,
      requestEndNs: from * 1e6,
      firstByteNs: (from + 1) * 1e6,
      firstTokenNs: (from + 2) * 1e6,
      lastTokenNs: (to - 1) * 1e6,
      endedNs: to * 1e6,
      usage: { promptTokens: 100 * tokens, completionTokens: 10 + tokens, cachedTokens: null },
      finishReason: "stop",
    });
    const inner = [startMs + 2, startMs + 2 + engineMs] as const;
    return [timing("outer", [startMs, inner[1] + 1]), timing("inner", inner)];
  });
}

const spaced = Array.from({ length: 8 }, (_, at) => ({ startMs: at * 100, engineMs: 50, tokens: at % 2 }));
const ids = ({ pairs }: HopJoin) =>
  pairs.map(({ outer, inner, method }) => [outer.requestId, inner.startedNs, method]);

test.each(["request", "attempt", "nothing"] as const)(
  "joins what a gateway that propagates the %s lets through",
  (what) => {
    const method = { request: "request-id", attempt: "session", nothing: "time-and-tokens" }[what];
    const join = joinHops(seen(spaced, what).flat());
    expect(ids(join)).toEqual(spaced.map(({ startMs }, at) => [`r${at}`, (startMs + 2) * 1e6, method]));
    const mean = { requests: 8, wholeMs: 3, firstByteMs: 0, firstTokenMs: 0 };
    expect(join).toMatchObject({ requests: 8, unmatched: 0, retried: 0, mean });
  },
);

test("the parts of a request add up to its whole, and every sample knows its episode", () => {
  const { samples, methods, streaming } = joinPath(seen(spaced, "nothing").flat());
  expect(methods).toEqual({ "request-id": 0, session: 0, "time-and-tokens": 8 });
  expect(streaming).toBe("real");
  for (const sample of samples) {
    const parts = [sample.firstByteMs, sample.byteToTokenMs, sample.betweenTokensMs, sample.afterTokensMs];
    expect(parts).toEqual([0, 0, 3, 0]);
    expect(sample.wholeMs).toBe(3);
  }
  expect(samples[1]).toMatchObject({ episodeId: "e1", promptTokens: 100 });
});

test("never a wrong pair, whatever overlaps and whatever the inner tap did not see", () => {
  const call = record({
    startMs: integer({ min: 0, max: 300 }),
    engineMs: integer({ min: 5, max: 80 }),
    tokens: integer({ min: 0, max: 3 }),
  });
  assert(
    property(
      array(call, { minLength: 1, maxLength: 20 }),
      array(integer({ min: 0, max: 19 }), { maxLength: 4 }),
      (calls, lost) => {
        const exchanges = seen(calls, "nothing");
        const truth = new Map(exchanges.map(([outer, inner]) => [outer, inner]));
        const timings = exchanges.flatMap(([outer, inner], at) =>
          lost.includes(at) ? [outer] : [outer, inner],
        );
        const { pairs, requests, unmatched, mean } = joinHops(timings);
        expect(pairs.filter(({ outer, inner }) => truth.get(outer) !== inner)).toEqual([]);
        expect(pairs.length + unmatched).toBe(requests);
        const whole = calls.every((_, at) => !lost.includes(at));
        expect("refused" in mean).toBe(!whole);
        expect("wholeMs" in mean ? mean.wholeMs : 3).toBeCloseTo(3, 9);
      },
    ),
  );
});

test("what could be two things is not joined, but its mean is exact", () => {
  const join = joinHops(
    seen(
      [
        { startMs: 0, engineMs: 50, tokens: 1 },
        { startMs: 1, engineMs: 48, tokens: 1 },
      ],
      "nothing",
    ).flat(),
  );
  expect(join.pairs).toEqual([]);
  expect(join).toMatchObject({ requests: 2, unmatched: 2, mean: { requests: 2, wholeMs: 3 } });
});

test("a gateway that tries again is named, and its requests are in no difference", () => {
  const [[outer, inner]] = seen(spaced, "nothing") as [[TapTiming, TapTiming]];
  const failed: TapTiming = {
    ...inner,
    requestId: "inner:gateway-99",
    status: 500,
    usage: null,
    endedNs: inner.startedNs + 1e6,
  };
  const silent = joinHops([outer, failed, inner]);
  expect(silent).toMatchObject({ pairs: [], retried: 1, unmatched: 0 });
  expect(silent.mean).toEqual({ refused: "unequal request counts: 1 at the outer tap, 2 at the inner tap" });
  const named = joinHops([outer, { ...failed, requestId: "r0" }, { ...inner, requestId: "r0" }]);
  expect(named).toMatchObject({ pairs: [], retried: 1, unmatched: 0 });
});

test("a gateway that drops usage, or loses a request, has no mean either", () => {
  const timings = seen(spaced, "nothing").flat();
  const without = timings.map((timing) => (timing.hop === "outer" ? { ...timing, usage: null } : timing));
  expect(joinHops(without)).toMatchObject({
    pairs: [],
    unmatched: 8,
    mean: { refused: "not every answer tells its prompt tokens" },
  });
  expect(joinHops(timings.slice(0, -1)).mean).toEqual({
    refused: "unequal request counts: 8 at the outer tap, 7 at the inner tap",
  });
  const more = timings.map((timing, at) =>
    at === 0 && timing.usage ? { ...timing, usage: { ...timing.usage, completionTokens: 99 } } : timing,
  );
  expect(joinHops(more).mean).toEqual({
    refused: "unequal completion tokens: 173 at the outer tap, 84 at the inner tap",
  });
});

test("tokens that come all at the end are a simulated stream, unless the engine sends them so too", () => {
  const pairs = joinHops(seen(spaced, "request").flat()).pairs;
  const atEnd = (timing: TapTiming) => ({
    ...timing,
    firstTokenNs: timing.endedNs - 1e6,
    lastTokenNs: timing.endedNs - 1e6,
  });
  const buffered = pairs.map(({ outer, inner }) => ({ outer: atEnd(outer), inner }));
  expect(streamingOf(pairs)).toBe("real");
  expect(streamingOf(buffered)).toBe("simulated");
  expect(
    streamingOf(buffered.map(({ outer, inner }) => ({ outer, inner: { ...inner, streamed: false } }))),
  ).toBe("simulated");
  // An engine that sends its tokens all at the end says nothing about the gateway.
  expect(streamingOf(buffered.map(({ outer, inner }) => ({ outer, inner: atEnd(inner) })))).toBeNull();
  expect(streamingOf([])).toBeNull();
});

test("an exchange at the inner tap is one request's, also where an id came to the outer tap twice", () => {
  const [[first, inner] = fail()] = seen([{ startMs: 0, engineMs: 20, tokens: 3 }], "request");
  const again = { ...first, attemptKey: "e0-b" };
  expect(joinHops([first, again, inner]).pairs.length).toBeLessThanOrEqual(1);
  expect(joinHops([first, inner]).pairs).toHaveLength(1);
});

function fail(): never {
  throw new Error("nothing was seen");
}
