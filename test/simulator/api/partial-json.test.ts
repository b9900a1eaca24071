import * as fc from "fast-check";
import { expect, test } from "vitest";
import { closedJson } from "../../../bench/simulator/api/partial-json.ts";
import { pythonJson } from "../../../bench/simulator/model/python-text.ts";

test.each([
  ["{", "{}"],
  ['{"na', "{}"],
  ['{"name"', "{}"],
  ['{"name": ', "{}"],
  ['{"name": "Li', '{"name": "Li"}'],
  ['{"name": "a\\', '{"name": "a"}'],
  ['{"name": "a\\u00', '{"name": "a"}'],
  ['{"name": "a\\"', '{"name": "a\\""}'],
  ['{"days": 1', '{"days": 1}'],
  ['{"days": 1.', '{"days": 1}'],
  ['{"days": -', "{}"],
  ['{"open": tr', '{"open": true}'],
  ['{"a": [1, {"b": "c', '{"a": [1, {"b": "c"}]}'],
  ['{"a": [1, ', '{"a": [1]}'],
  ['{"a": {"b": 1}, "c', '{"a": {"b": 1}}'],
])("%s is read as %s", (text, closed) => {
  expect(closedJson(text)).toBe(closed);
});

test("nothing is read before an object has begun", () => {
  expect(closedJson("")).toBeNull();
});

test("every beginning of an object can be read, and the whole of it as it is", () => {
  fc.assert(
    fc.property(fc.dictionary(fc.string(), fc.jsonValue()), (value) => {
      const text = pythonJson(JSON.stringify(value));
      for (let length = 1; length < text.length; length++)
        JSON.parse(closedJson(text.slice(0, length)) ?? "no object");
      expect(closedJson(text)).toBe(text);
    }),
  );
});
