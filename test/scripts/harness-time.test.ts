import * as fc from "fast-check";
import { expect, test } from "vitest";
import { harnessTime, type EpisodeSpan } from "../../scripts/benchmark/harness-time.ts";

const ms = (from: number, to: number) => ({ startedNs: from * 1e6, endedNs: to * 1e6 });

test("what is neither model nor tool is the harness's, per model call", () => {
  const episode = {
    ...ms(0, 100),
    modelCalls: [ms(10, 40), ms(60, 90)],
    toolCalls: [ms(45, 55)],
  };
  expect(harnessTime(episode)).toBe((10 + 5 + 5 + 10) / 2);
});

test("overlaps count once, order does not matter, what lies outside the episode is nobody's", () => {
  const episode = {
    ...ms(10, 100),
    modelCalls: [ms(50, 120), ms(0, 30)],
    toolCalls: [ms(20, 25), ms(90, 95)],
  };
  expect(harnessTime(episode)).toBe((50 - 30) / 2);
});

test("no model call, no number", () => {
  expect(harnessTime({ ...ms(0, 10), modelCalls: [], toolCalls: [] })).toBeNull();
});

test("never below zero, never more than the episode, and equal to a count of free milliseconds", () => {
  const span = fc.tuple(fc.nat(60), fc.nat(20)).map(([from, length]) => ms(from, from + length));
  const episodes = fc.record({
    modelCalls: fc.array(span, { minLength: 1, maxLength: 6 }),
    toolCalls: fc.array(span, { maxLength: 6 }),
    length: fc.nat(60),
  });
  fc.assert(
    fc.property(episodes, ({ modelCalls, toolCalls, length }) => {
      const episode: EpisodeSpan = { ...ms(0, length), modelCalls, toolCalls };
      const busy = (at: number) =>
        [...modelCalls, ...toolCalls].some(
          ({ startedNs, endedNs }) => startedNs <= at * 1e6 && (at + 1) * 1e6 <= endedNs,
        );
      const free = Array.from({ length }, (_, at) => at).filter((at) => !busy(at)).length;
      expect((harnessTime(episode) ?? Number.NaN) * modelCalls.length).toBeCloseTo(free, 6);
    }),
  );
});
