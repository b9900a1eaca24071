import { expect, test } from "vitest";
import { discountedReturns } from "../../bench/tokens/returns.ts";

test.each([
  [[null, 1], 1, [1, 1]],
  [[null, 1], 0.5, [0.5, 1]],
  [[0.25, 1], 0.5, [0.75, 1]],
  [[], 1, []],
] as const)("rewards %j with discount %d give %j", (rewards, discount, returns) => {
  expect(discountedReturns(rewards, discount)).toEqual(returns);
});
