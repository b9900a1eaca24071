import { assert, integer, property } from "fast-check";
import { expect, test } from "vitest";
import { planLooks } from "../../bench/statistics/group-sequential.ts";
import { blockOrder } from "../../bench/statistics/block-order.ts";

test("two arms alternate ABBA, and blocks take turns in who begins", () => {
  expect([0, 1, 2].map((block) => blockOrder(["A", "B"], block).join(""))).toEqual(["ABBA", "BAAB", "ABBA"]);
});

test("in every block each arm has two turns with the same mean place, so that steady drift cancels", () => {
  assert(
    property(integer({ min: 1, max: 6 }), integer({ min: 0, max: 30 }), (arms, block) => {
      const order = blockOrder(
        Array.from({ length: arms }, (_, at) => at),
        block,
      );
      for (let arm = 0; arm < arms; arm += 1) {
        const places = order.flatMap((other, at) => (other === arm ? [at] : []));
        expect(places).toHaveLength(2);
        expect(places.reduce((sum, at) => sum + at, 0)).toBe(order.length - 1);
      }
    }),
  );
});

test("over as many blocks as there are arms each of them begins once", () => {
  const arms = ["A", "B", "C", "D"];
  expect(arms.map((_, block) => blockOrder(arms, block)[0])).toEqual(arms);
});

test("looks ascend, end with the most blocks, and share the error among them", () => {
  expect(planLooks(4, 20, 0.95)).toEqual({ at: [4, 6, 9, 14, 20], confidence: 0.99 });
  expect(planLooks(4, 4, 0.95)).toEqual({ at: [4], confidence: 0.95 });
  assert(
    property(integer({ min: 4, max: 500 }), (most) => {
      const { at, confidence } = planLooks(4, most, 0.95);
      expect(at).toEqual([...new Set(at)].toSorted((a, b) => a - b));
      expect(at.at(-1)).toBe(most);
      expect((1 - confidence) * at.length).toBeCloseTo(0.05, 12);
    }),
  );
});
