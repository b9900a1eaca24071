import * as fc from "fast-check";
import { expect, test } from "vitest";
import { applyDelta } from "../../bench/tap/body-delta.ts";
import { RetainedExchanges } from "../../bench/tap/retained-exchanges.ts";
import { blankExchange } from "./fixtures/blank-exchange.ts";

const exchange = (requestBody: string, responseBody = "") => ({
  ...blankExchange,
  requestBody,
  responseBody,
});

test("an attempt gets its own exchanges once, with their requests as they were", () => {
  const one = fc.record({
    key: fc.constantFrom("a", "b"),
    request: fc.string({ maxLength: 20 }),
    answer: fc.string({ maxLength: 5 }),
  });
  fc.assert(
    fc.property(fc.array(one, { maxLength: 12 }), (added) => {
      const retained = new RetainedExchanges(1e6);
      for (const { key, request, answer } of added) retained.add(key, exchange(request, answer));
      for (const key of ["a", "b"]) {
        let last = "";
        const taken = retained.take(key).map(({ request, responseBody }) => {
          last = applyDelta(last, request);
          return [last, responseBody];
        });
        expect(taken).toEqual(
          added.filter((item) => item.key === key).map(({ request, answer }) => [request, answer]),
        );
        expect(retained.take(key)).toEqual([]);
      }
    }),
  );
});

test("what is too much is taken from the attempt that was quiet longest, which then has no part of its conversation", () => {
  const retained = new RetainedExchanges(100);
  retained.add("old", exchange("x".repeat(40)));
  retained.add("busy", exchange("y".repeat(40)));
  retained.add("old", exchange("x".repeat(40) + "more"));
  retained.add("new", exchange("z".repeat(40)));
  expect(() => retained.take("busy")).toThrow("more than 100 characters");
  expect(retained.take("old")).toHaveLength(2);
  expect(retained.take("new")).toHaveLength(1);
});

test("what was taken makes room, and a cleared tap forgets that it had to forget", () => {
  const retained = new RetainedExchanges(50);
  for (const key of ["a", "b", "c"]) {
    retained.add(key, exchange("x".repeat(40)));
    expect(retained.take(key)).toHaveLength(1);
  }
  retained.add("a", exchange("x".repeat(60)));
  expect(() => retained.take("a")).toThrow("attempt a");
  retained.clear();
  expect(retained.take("a")).toEqual([]);
});
