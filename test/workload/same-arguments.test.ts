import * as fc from "fast-check";
import { expect, test } from "vitest";
import { sameArguments } from "../../bench/workload/same-arguments.ts";

test.each([
  ['{"a": 1}', '{"a":1}'],
  ['{"a":1,"b":2}', '{"b":2,"a":1}'],
  ['{"n": 2.0}', '{"n":2}'],
  ['{"n": 1e2}', '{"n":100}'],
  ['{"n": -0}', '{"n":0}'],
  ['{"n": 0.10}', '{"n":0.1}'],
  ['{"t":"\\u00e9\\/"}', '{"t":"é/"}'],
  ["", "{}"],
  [" ", "{}"],
  ['{"n": NaN}', '{"n": NaN}'],
  ['{"broken": ', '{"broken": '],
  ['{"id": 12345678901234567890}', '{ "id": 12345678901234567890 }'],
])("%s is %s", (left, right) => {
  expect([sameArguments(left, right), sameArguments(right, left)]).toEqual([true, true]);
});

test.each([
  ['{"a":1}', '{"a":2}'],
  ['{"a":1}', '{"a":"1"}'],
  ['{"a":1}', '{"a":1,"b":2}'],
  ['{"a":null}', "{}"],
  ['{"a":[1,2]}', '{"a":[2,1]}'],
  ['{"a":true}', '{"a":1}'],
  ["{}", "[]"],
  ["", '{"a":1}'],
  ['{"id": 12345678901234567890}', '{"id": 12345678901234567000}'],
  ['{"id": 9007199254740993}', '{"id":9007199254740992}'],
  ['{"a":1}{"b":2}', '{"a":1}'],
  ['{"n": NaN}', '{"n":null}'],
  ['{"__proto__":1}', "{}"],
])("%s is not %s", (left, right) => {
  expect([sameArguments(left, right), sameArguments(right, left)]).toEqual([false, false]);
});

test("a value is itself however it is written, and deep nesting ends in an answer", () => {
  fc.assert(
    fc.property(fc.dictionary(fc.string(), fc.jsonValue()), (value) => {
      const shuffled = Object.fromEntries(Object.entries(value).toReversed());
      expect(sameArguments(JSON.stringify(value), JSON.stringify(shuffled, null, 2))).toBe(true);
    }),
  );
  const deep = "[".repeat(100_000) + "]".repeat(100_000);
  expect(sameArguments(deep, deep)).toBe(true);
  expect(sameArguments(deep, ` ${deep}`)).toBe(false);
});
