import { expect, test } from "vitest";
import { ttftGroups } from "../../../bench/analysis/cell/ttft-groups.ts";
import { buildTiming } from "../../evidence/tap-builder.ts";

/** The k-th request of an episode, in which the first token comes after `ms`. */
const request = (
  episode: number,
  k: number,
  { ms, promptTokens = 100 * k }: { ms: number; promptTokens?: number },
) =>
  buildTiming({
    requestId: `${episode}-${k}`,
    episodeId: `e${episode}`,
    attemptKey: `e${episode}-a`,
    startedNs: k * 1e9,
    firstTokenNs: k * 1e9 + ms * 1e6,
    lastTokenNs: k * 1e9 + ms * 1e6 + 5e6,
    endedNs: k * 1e9 + ms * 1e6 + 6e6,
    usage: { promptTokens, completionTokens: 8, cachedTokens: null },
  });
const episodes = Array.from({ length: 12 }, (_, episode) => episode);

test("a turn is the place of a request in its episode, whatever the order of the lines", () => {
  const timings = episodes.flatMap((episode) =>
    [1, 2, 3, 4, 5].map((k) => request(episode, k, { ms: 10 * k + episode / 100 })),
  );
  const found = ttftGroups(timings.toReversed());
  expect(found?.byTurn.map(({ from, to, p50 }) => [from, to, p50.count, Math.round(p50.value ?? 0)])).toEqual(
    [
      [1, 1, 12, 10],
      [2, 2, 12, 20],
      [3, 4, 24, 35],
      [5, 8, 12, 50],
    ],
  );
  for (const { p50 } of found?.byTurn ?? []) {
    expect(p50.low).toBeLessThanOrEqual(p50.value ?? 0);
    expect(p50.high).toBeGreaterThanOrEqual(p50.value ?? 0);
  }
});

test("a request that failed takes its place and gives no time", () => {
  const timings = episodes.flatMap((episode) => [
    { ...request(episode, 1, { ms: 10 }), status: 500 },
    request(episode, 2, { ms: 20 }),
  ]);
  expect(ttftGroups(timings)?.byTurn.map(({ from, p50 }) => [from, p50.count])).toEqual([[2, 12]]);
});

test("prompt lengths are those that the answers tell; who does not tell is in no group", () => {
  const lengths = [999, 1000, 3999, 4000, 70_000];
  const timings = episodes.flatMap((episode) => [
    ...lengths.map((tokens, index) => request(episode, index + 1, { ms: 5, promptTokens: tokens })),
    { ...request(episode, 9, { ms: 5 }), usage: null },
  ]);
  const found = ttftGroups(timings);
  expect(found?.byPromptTokens.map(({ from, to, p50 }) => [from, to, p50.count])).toEqual([
    [0, 999, 12],
    [1000, 1999, 12],
    [2000, 3999, 12],
    [4000, 7999, 12],
    [64_000, null, 12],
  ]);
});

test("few requests have no median, few episodes no interval, and without first tokens there are no groups", () => {
  const few = ttftGroups([request(1, 1, { ms: 10 }), request(2, 1, { ms: 11 })]);
  expect(few?.byTurn).toEqual([
    { from: 1, to: 1, p50: { value: null, count: 2, low: null, high: null }, p95: null },
  ]);
  const oneEpisode = ttftGroups(
    Array.from({ length: 20 }, (_, k) => request(1, k + 1, { ms: 10, promptTokens: 50 })),
  );
  expect(oneEpisode?.byPromptTokens[0]?.p50).toEqual({ value: 10, count: 20, low: null, high: null });
  expect(ttftGroups([buildTiming({ streamed: false }), buildTiming({ hop: "inner" })])).toBeNull();
});
