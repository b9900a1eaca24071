import * as fc from "fast-check";
import { expect, test } from "vitest";
import { callRewards } from "../../bench/export/call-returns.ts";
import { buildInlined } from "./inlined-builder.ts";
import { buildCall, buildRecorded } from "./recorded-builder.ts";

const calls = (...rewards: readonly (number | null)[]) =>
  buildRecorded(rewards.map((reward) => buildCall({ reward })));

test("no returns without a reward of the episode or without recorded calls, whatever the calls were given", () => {
  expect(callRewards(buildInlined({ record: { reward: null }, recorded: calls(1, 1) }), 1)).toBeNull();
  expect(callRewards(buildInlined({ record: { reward: 1 }, recorded: null }), 1)).toBeNull();
});

test("the episode's reward replaces what the gateway had for the last call: a judge may have come later", () => {
  const whole = buildInlined({ record: { reward: 0.25 }, recorded: calls(null, 1) });
  expect(callRewards(whole, 1)).toEqual([
    { reward: null, return: 0.25 },
    { reward: 0.25, return: 0.25 },
  ]);
});

test("a discount of 0 leaves each call its own reward; a call without one counts 0", () => {
  const whole = buildInlined({ record: { reward: 1 }, recorded: calls(0.5, null, 0) });
  expect(callRewards(whole, 0)?.map((one) => one.return)).toEqual([0.5, 0, 1]);
});

test("a return is the sum of the rewards from its call on, each discounted by its distance", () => {
  const reward = fc.option(fc.integer({ min: -8, max: 8 }));
  fc.assert(
    fc.property(
      fc.array(reward, { minLength: 1, maxLength: 8 }),
      fc.integer({ min: -8, max: 8 }),
      fc.constantFrom(0, 0.25, 0.5, 1),
      (given, last, discount) => {
        const whole = buildInlined({ record: { reward: last }, recorded: calls(...given) });
        const rewards = [...given.slice(0, -1), last];
        const expected = rewards.map((_, index) =>
          rewards
            .slice(index)
            .reduce((sum: number, one, distance) => sum + (one ?? 0) * discount ** distance, 0),
        );
        const found = callRewards(whole, discount)?.map((one) => one.return) ?? [];
        for (const [index, value] of expected.entries()) expect(found[index]).toBeCloseTo(value, 9);
        expect(found).toHaveLength(given.length);
      },
    ),
  );
});
