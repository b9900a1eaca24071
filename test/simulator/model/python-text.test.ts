import * as fc from "fast-check";
import { expect, test } from "vitest";
import { pythonFloat, pythonJson } from "../../../bench/simulator/model/python-text.ts";

test("floats as CPython 3.12 prints them", () => {
  // Left: the value; right: what `repr` said.
  const cases: readonly (readonly [number, string])[] = [
    [0, "0.0"],
    [-0, "-0.0"],
    [1, "1.0"],
    [2.5, "2.5"],
    [100000, "100000.0"],
    [1e15, "1000000000000000.0"],
    [1e16, "1e+16"],
    [1.5e16, "1.5e+16"],
    [123456789012345680, "1.2345678901234568e+17"],
    [1e22, "1e+22"],
    [0.0001, "0.0001"],
    [0.00001, "1e-05"],
    [0.000012, "1.2e-05"],
    [1e-7, "1e-07"],
    [1.5e-300, "1.5e-300"],
    [84.24000000000001, "84.24000000000001"],
    [Number.POSITIVE_INFINITY, "inf"],
  ];
  expect(cases.map(([value]) => pythonFloat(value))).toEqual(cases.map(([, text]) => text));
});

test("number texts and key order are kept", () => {
  expect(pythonJson('{"b":2.0,"a":2,"10":1e3,"2":[],"s":"a,b:{\\"\\u00e9\\u0041"}')).toBe(
    '{"b": 2.0, "a": 2, "10": 1000.0, "2": [], "s": "a,b:{\\"éA"}',
  );
  expect(() => pythonJson('{"a":')).toThrow(SyntaxError);
});

test("the value stays the same for any JSON", () => {
  fc.assert(
    fc.property(fc.json(), (text) => {
      expect(JSON.parse(pythonJson(text))).toEqual(JSON.parse(text));
    }),
  );
});
