import * as fc from "fast-check";
import { expect, test } from "vitest";
import { sharesOf, type Spent } from "../../../bench/analysis/overhead/live-comparison.ts";

const spent: Spent = {
  calls: 4,
  path: 0.04,
  engine: 4,
  decode: 3,
  agent: 0.5,
  user: 1,
  harness: 0.2,
  completionTokens: 400,
  split: true,
};
const close = (values: Readonly<Record<string, number>>) =>
  Object.fromEntries(Object.entries(values).map(([name, value]) => [name, expect.closeTo(value, 12)]));
const none = { path: 0, engine: 0, behaviour: 0, user: 0, harness: 0 };

test("a slower path, a slower engine, a chattier agent: each shows in its own share alone", () => {
  expect(sharesOf(spent, { ...spent, path: 0.08 })).toEqual(close({ ...none, path: 0.04 }));
  expect(sharesOf(spent, { ...spent, engine: 5, decode: 4 })).toEqual(close({ ...none, engine: 1 }));
  expect(sharesOf(spent, { ...spent, agent: 0.7 })).toEqual(close({ ...none, behaviour: 0.2 }));
  expect(sharesOf(spent, { ...spent, user: 0.7, harness: 0.3 })).toEqual(
    close({ ...none, user: -0.3, harness: 0.1 }),
  );
});

test("twice the calls at the same speed, or twice the tokens at the same pace, is the agent's behaviour", () => {
  const calls = { ...spent, calls: 8, path: 0.08, engine: 8, decode: 6, completionTokens: 800 };
  expect(sharesOf(spent, calls)).toEqual(close({ ...none, behaviour: 4.04 }));
  const tokens = { ...spent, engine: 7, decode: 6, completionTokens: 800 };
  expect(sharesOf(spent, tokens)).toEqual(close({ ...none, behaviour: 3 }));
});

test("tokens that nobody counted explain nothing: the engine's time stays the engine's", () => {
  const unknown = { ...spent, completionTokens: null, engine: 7, decode: 6 };
  expect(sharesOf(spent, unknown)).toEqual(close({ ...none, engine: 3 }));
});

test("an arm without a call took no time per call", () => {
  const idle = { ...spent, calls: 0, path: 0, engine: 0, decode: 0, completionTokens: 0 };
  expect(sharesOf(idle, spent)).toEqual(close({ ...none, behaviour: 4.04 }));
});

test("the shares add up to the difference in length, whatever the two episodes did", () => {
  const seconds = fc.double({ min: 0, max: 100, noNaN: true });
  const calls = fc.integer({ min: 1, max: 30 });
  const episode = fc
    .record({ calls, path: seconds, rest: seconds, decode: seconds, agent: seconds, user: seconds })
    .chain((times) =>
      fc.option(fc.integer({ min: 0, max: 5000 })).map((completionTokens) => ({
        ...spent,
        ...times,
        engine: times.rest + times.decode,
        completionTokens,
      })),
    );
  const length = ({ path, engine, agent, user, harness }: Spent) => path + engine + agent + user + harness;
  fc.assert(
    fc.property(episode, episode, (base, target) => {
      const total = Object.values(sharesOf(base, target)).reduce((sum, share) => sum + share, 0);
      expect(total).toBeCloseTo(length(target) - length(base), 9);
    }),
  );
});
