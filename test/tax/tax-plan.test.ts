import * as fc from "fast-check";
import { expect, test } from "vitest";
import { ConfigError } from "../../bench/errors.ts";
import { bodySizes } from "../../bench/tax/conversations.ts";
import { planTax, type TaxRequest } from "../../bench/tax/tax-plan.ts";

const request: TaxRequest = { loads: ["1", "4"], seconds: 100, maxTokens: 16, seed: 1 };
/** Sizes of which a conversation takes so many milliseconds. */
const probed = (...ms: readonly number[]) =>
  ms.map((conversationMs, at) => ({
    size: bodySizes[at] ?? bodySizes[0],
    conversationMs,
    bodyBytes: 3000 * 4 ** at,
  }));

test("a fast server: every size, every load, the floor and the null proxy", () => {
  const { replay, sizes, leftOut } = planTax(request, probed(200, 250, 400));
  expect(sizes).toHaveLength(3);
  expect(leftOut).toEqual([]);
  expect(replay.arms.map(({ label, part }) => `${label} ${part}`)).toEqual([
    "raw baseline",
    "gateway compared",
    "raw.2 again",
    "null-proxy placebo",
  ]);
  expect(replay.settings.map(({ load, cache }) => `${load} ${cache}`)).toEqual([
    "closed:1 salt",
    "closed:4 salt",
  ]);
});

test("a slower one: what is left out is said, the least telling first", () => {
  const slower = (...ms: readonly number[]) => planTax(request, probed(...ms)).leftOut.join("; ");
  expect(slower(300, 400, 900)).toBe("large requests: no time, see --minutes");
  expect(slower(500, 700, 2000)).toBe(
    "medium requests: no time, see --minutes; large requests: no time, see --minutes",
  );
  expect(slower(1200, 1300)).toBe(
    "medium requests: no time, see --minutes; the null proxy: no time, see --minutes",
  );
  expect(slower(1500, 3000, 9000)).toContain("medium requests");
  expect(slower(3000, 6000, 9000)).toContain("load closed:4");
});

test("a server that is too slow is refused with the time that it would take", () => {
  expect(() => planTax(request, probed(20_000))).toThrow(ConfigError);
  expect(() => planTax(request, probed(20_000))).toThrow(
    /a short conversation takes 20\.0 s .* 100 s are left for them\. Use --minutes 9\./,
  );
  // And with that time it is not.
  expect(planTax({ ...request, seconds: 9 * 60 - 20 }, probed(20_000)).replay.settings).toHaveLength(1);
});

test("every user of a load has every size", () => {
  fc.assert(
    fc.property(
      fc.array(fc.integer({ min: 20, max: 4000 }), { minLength: 1, maxLength: 3 }),
      fc.integer({ min: 1, max: 16 }),
      (ms, users) => {
        const { replay, sizes } = planTax(
          { ...request, loads: [String(users)], seconds: 1e5 },
          probed(...ms),
        );
        const [setting] = replay.settings;
        expect((setting?.conversations ?? 0) % (users * sizes.length)).toBe(0);
        expect(replay.conversations).toBeGreaterThanOrEqual(setting?.conversations ?? 0);
      },
    ),
  );
});

test.each(["0", "-1", "1.5", "many", "closed:0"])("--load %s is refused", (load) => {
  expect(() => planTax({ ...request, loads: [load] }, probed(100))).toThrow(/--load .* cannot be read/);
});
