import * as fc from "fast-check";
import { expect, test } from "vitest";
import { calculate } from "../../../../openclaw-tau2/tau2/python/calculate.ts";
import { bindArguments, REQUIRED } from "../../../../openclaw-tau2/tau2/python/call.ts";
import { equal, ordered, sorted } from "../../../../openclaw-tau2/tau2/python/compare.ts";
import { count, iterate, length } from "../../../../openclaw-tau2/tau2/python/container.ts";
import { floatRepr } from "../../../../openclaw-tau2/tau2/python/float-text.ts";
import { dumpCanonical, dumpJson } from "../../../../openclaw-tau2/tau2/python/json-dump.ts";
import { parseJson } from "../../../../openclaw-tau2/tau2/python/json-parse.ts";
import { round2 } from "../../../../openclaw-tau2/tau2/python/number.ts";
import { pyRepr } from "../../../../openclaw-tau2/tau2/python/repr.ts";
import { compareText } from "../../../../openclaw-tau2/tau2/python/text-order.ts";
import { float } from "../../../../openclaw-tau2/tau2/python/value.ts";
import type { PyValue } from "../../../../openclaw-tau2/tau2/python/value.ts";

const text = fc.string({ unit: "binary" });
const values = fc.letrec<{ value: PyValue }>((tie) => ({
  value: fc.oneof(
    { maxDepth: 3 },
    fc.constantFrom(null, true, false),
    fc.maxSafeInteger(),
    fc.bigInt(2n ** 53n, 2n ** 70n),
    fc.double({ noNaN: true }).map(float),
    text,
    fc.array(tie("value"), { maxLength: 4 }),
    fc
      .array(fc.tuple(fc.oneof(text, fc.nat().map(String), fc.constant("__proto__")), tie("value")), {
        maxLength: 4,
      })
      .map((entries) => new Map(entries)),
  ),
})).value;

function thrown(run: () => unknown): string {
  try {
    run();
  } catch (error) {
    return error instanceof Error ? error.message : String(error);
  }
  return "nothing was thrown";
}

test("JSON text survives parsing and printing, keys in order and 2.0 apart from 2", () => {
  fc.assert(
    fc.property(values, (value) => {
      const printed = dumpJson(value);
      expect(dumpJson(parseJson(printed))).toBe(printed);
      expect(equal(parseJson(printed), value)).toBe(true);
    }),
  );
  const source = '{"10": 2.0, "2": 2, "__proto__": {"1": 9007199254740993}, "e": "\\ud83d\\ude00"}';
  expect(dumpJson(parseJson(source))).toBe(source);
  expect(dumpCanonical(parseJson('{"b": 1, "a": {"d": -0.0, "c": 1e16}}'))).toBe(
    '{"a": {"c": 1e+16, "d": -0.0}, "b": 1}',
  );
});

test("numbers keep their kind, also in Python's own notation", () => {
  expect(parseJson("-0")).toBe(0);
  expect(dumpJson(parseJson("[1E2, 1e-7, 1e400, -Infinity, NaN, 12345678901234567890]"))).toBe(
    "[100.0, 1e-07, Infinity, -Infinity, NaN, 12345678901234567890]",
  );
});

test.each([
  ["", "Expecting value: line 1 column 1 (char 0)"],
  ['{"a": 1,}', "Expecting property name enclosed in double quotes: line 1 column 9 (char 8)"],
  ['{"a" 1}', "Expecting ':' delimiter: line 1 column 6 (char 5)"],
  ["[1 2]", "Expecting ',' delimiter: line 1 column 4 (char 3)"],
  ["[1]\n]", "Extra data: line 2 column 1 (char 4)"],
  ['"😀\u0001"', "Invalid control character at: line 1 column 3 (char 2)"],
  ['"abc', "Unterminated string starting at: line 1 column 1 (char 0)"],
  ['"\\x"', "Invalid \\escape: line 1 column 2 (char 1)"],
])("JSON error of %j", (source, message) => {
  expect(thrown(() => parseJson(source))).toBe(message);
});

test("nesting beyond Python's limit is an error, not a crash", () => {
  const deep = "[".repeat(100_000);
  expect(thrown(() => parseJson(deep))).toMatch(/^maximum recursion depth exceeded/);
});

test("float repr reads back as the same number", () => {
  fc.assert(
    fc.property(fc.double({ noNaN: true }), (value) => {
      expect(Number(floatRepr(value).replace("inf", "Infinity"))).toBe(value);
    }),
  );
  expect([100, 1e16, 5e-5, 0.0001, 1e22, 123456789012345680, -0].map(floatRepr)).toEqual([
    "100.0",
    "1e+16",
    "5e-05",
    "0.0001",
    "1e+22",
    "1.2345678901234568e+17",
    "-0.0",
  ]);
});

test("rounding to two places goes to even only on exact ties", () => {
  expect([0.125, 0.375, -0.125, 2.675, 1.005, 2.5, 1e17].map(round2)).toEqual([
    0.12, 0.38, -0.12, 2.67, 1, 2.5, 1e17,
  ]);
});

const LEADING =
  "leading zeros in decimal integer literals are not permitted; use an 0o prefix for octal integers (<string>, line 1)";

test.each([
  ["5%", "Invalid characters in expression"],
  ["1e5", "Invalid characters in expression"],
  ["1/0", "division by zero"],
  ["1.0/0", "float division by zero"],
  ["1//0", "integer division or modulo by zero"],
  ["1.0//0", "float floor division by zero"],
  ["1 2", "invalid syntax (<string>, line 1)"],
  ["3*", "invalid syntax (<string>, line 1)"],
  [".", "invalid syntax (<string>, line 1)"],
  ["", "invalid syntax (<string>, line 0)"],
  ["  ", "invalid syntax (<string>, line 0)"],
  ["007", LEADING],
  ["(1", "'(' was never closed (<string>, line 1)"],
  ["1)", "unmatched ')' (<string>, line 1)"],
  ["(1 2)", "invalid syntax. Perhaps you forgot a comma? (<string>, line 1)"],
  ["(1 2", "'(' was never closed (<string>, line 1)"],
  ["(*2)", "cannot use starred expression here (<string>, line 1)"],
  ["()", "float() argument must be a string or a real number, not 'tuple'"],
  ["(-8)**0.5", "float() argument must be a string or a real number, not 'complex'"],
  ["2(3)", "'int' object is not callable"],
  ["2(*3)", "2 argument after * must be an iterable, not int"],
  ["0**-1", "0.0 cannot be raised to a negative power"],
  ["10**400", "int too large to convert to float"],
  ["1.0*10**400", "int too large to convert to float"],
  ["(".repeat(300), "too many nested parentheses (<string>, line 1)"],
])("calculate(%j) raises", (expression, message) => {
  expect(thrown(() => calculate(expression))).toBe(message);
});

test.each([
  ["2**0.5", "1.41"],
  ["-5//2", "-3.0"],
  ["0.1+0.2", "0.3"],
  ["2.675", "2.67"],
  ["1.005*100", "100.5"],
  ["((1))", "1.0"],
  ["--5", "5.0"],
  ["00", "0.0"],
  ["00.5", "0.5"],
  ["-2**2", "-4.0"],
  ["2**3**2", "512.0"],
  ["(10**400)/(10**399)", "10.0"],
  ["1.//0.1", "9.0"],
])("calculate(%j) = %s", (expression, result) => {
  expect(calculate(expression)).toBe(result);
});

test("calculate takes what Python's loop over characters takes", () => {
  expect(thrown(() => calculate(5))).toBe("'int' object is not iterable");
  expect(thrown(() => calculate([1]))).toBe("'in <string>' requires string as left operand, not int");
  expect(thrown(() => calculate(new Map()))).toBe("eval() arg 1 must be a string, bytes or code object");
});

test("texts are ordered by code point", () => {
  fc.assert(
    fc.property(text, text, (left, right) => {
      const [a, b] = [left, right].map((value) => Array.from(value, (point) => point.codePointAt(0) ?? 0));
      expect(Math.sign(compareText(left, right))).toBe(compareNumbers(a ?? [], b ?? []));
    }),
  );
});

function compareNumbers(left: readonly number[], right: readonly number[]): number {
  const index = left.findIndex((point, at) => point !== right[at]);
  if (index === -1) return Math.sign(left.length - right.length);
  return Math.sign((left[index] ?? -1) - (right[index] ?? -1));
}

test("comparison, containers and repr follow Python", () => {
  expect(equal(1, float(1)) && equal(true, 1) && equal([float(2)], [2])).toBe(true);
  expect(thrown(() => ordered(float(1.5), "<", "a"))).toBe(
    "'<' not supported between instances of 'float' and 'str'",
  );
  expect(thrown(() => sorted(["a", 1]))).toBe("'<' not supported between instances of 'int' and 'str'");
  expect(iterate("a😀")).toEqual(["a", "😀"]);
  expect(length("a😀")).toBe(2);
  expect(thrown(() => length(null))).toBe("object of type 'NoneType' has no len()");
  expect(count([1, float(1), true, "1"], 1)).toBe(3);
  expect(pyRepr(new Map<string, PyValue>([["it's", [null, true, float(2), '"', "\n\u2028"]]]))).toBe(
    `{"it's": [None, True, 2.0, '"', '\\n\\u2028']}`,
  );
});

const signature = { order_id: REQUIRED, item_ids: REQUIRED, reason: REQUIRED, limit: 12 } as const;

test.each([
  [{ order_id: 1, order_idd: 2 }, "3.12", "RetailTools.f() got an unexpected keyword argument 'order_idd'"],
  [
    { order_idd: 2 },
    "3.13",
    "RetailTools.f() got an unexpected keyword argument 'order_idd'. Did you mean 'order_id'?",
  ],
  [{ order_id: 1, reason: 1 }, "3.12", "RetailTools.f() missing 1 required positional argument: 'item_ids'"],
  [
    { reason: 1 },
    "3.12",
    "RetailTools.f() missing 2 required positional arguments: 'order_id' and 'item_ids'",
  ],
  [
    {},
    "3.12",
    "RetailTools.f() missing 3 required positional arguments: 'order_id', 'item_ids', and 'reason'",
  ],
])("a wrong call %j on Python %s", (given, python, message) => {
  const callee = { qualifiedName: "RetailTools.f", signature };
  const versions = { python, pydantic: "2.12" };
  expect(thrown(() => bindArguments(callee, new Map(Object.entries(given)), versions))).toBe(message);
});
