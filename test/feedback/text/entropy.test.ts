import { expect, test } from "vitest";
import { meanChances } from "../../../bench/feedback/text/entropy.ts";

const even = (count: number) => Array.from({ length: count }, () => Math.log(1 / count));

test("the entropy of even chances is the logarithm of their number, whatever is told of the rest", () => {
  const token = (top: readonly number[]) => ({ logprob: top[0] ?? 0, top });
  const of = (...tops: (readonly number[])[]) => meanChances(tops.map(token));
  expect(of(even(4))).toEqual({ entropy: expect.closeTo(Math.log(4), 12), logprob: Math.log(1 / 4) });
  expect(of(even(4).map((one) => one - 2))).toMatchObject({ entropy: expect.closeTo(Math.log(4), 12) });
  expect(of(even(4), even(2))).toMatchObject({
    entropy: expect.closeTo((Math.log(4) + Math.log(2)) / 2, 12),
  });
});

test.each([
  ["no tokens", [], { why: "the server gives no log-probabilities" }],
  ["no alternatives", [{ logprob: -1, top: [] }], { entropy: null, logprob: -1 }],
  ["one alternative of each", [{ logprob: -0.5, top: [-0.5] }], { entropy: null, logprob: -0.5 }],
  ["a sure token: not minus zero", [{ logprob: 0, top: [0, -9_999] }], { entropy: 0, logprob: 0 }],
  ["alternatives that cannot be", [{ logprob: -1, top: [-9_999, -9_999] }], { entropy: null, logprob: -1 }],
  ["a chance above 1", [{ logprob: 3, top: [-1, -2] }], { why: "the server gives a log-probability of 3" }],
  ["no number", [{ logprob: -1, top: [NaN, -2] }], { why: "the server gives a log-probability of NaN" }],
  [
    "infinity",
    [{ logprob: -Infinity, top: [-1, -2] }],
    { why: "the server gives a log-probability of -Infinity" },
  ],
])("of %s nothing is invented", (_, tokens, expected) => {
  expect(meanChances(tokens)).toEqual(expected);
});
