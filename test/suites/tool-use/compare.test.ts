import * as fc from "fast-check";
import { expect, test } from "vitest";
import type { WrittenValue } from "../../../suites/tool-use/contract/case.ts";
import { parseArguments, parseJson } from "../../../suites/tool-use/contract/parse-json.ts";
import { matches, matcherOf, plainPath } from "../../../suites/tool-use/scoring/compare.ts";
import { exact } from "./a-case.ts";

/** Each row: what is expected and given, as JSON text, and whether they are the same. */
const rows: readonly (readonly [string, string, boolean])[] = [
  // Types count.
  ["5", "5", true],
  ["5", '"5"', false],
  ['"5"', "5", false],
  ["1", "true", false],
  ["0", "false", false],
  ["true", '"true"', false],
  ["null", '""', false],
  ["null", "0", false],
  ["null", "null", true],
  ["[]", "{}", false],
  ["{}", "[]", false],
  ["{}", "null", false],
  ["[1]", '{"0":1}', false],
  ['"a"', '["a"]', false],
  // Numbers.
  ["5", "5.0", true],
  ["5", "5e0", true],
  ["0", "-0", true],
  ["5", "6", false],
  ["100000000001", "100000000000", false],
  ["0.3", "0.30000000000000004", true],
  ["0.3", "0.3001", false],
  ["9007199254740993", "9007199254740992", false],
  ["9007199254740993", "9007199254740993", true],
  ["9007199254740992", "9007199254740993", false],
  ["123456789012345678901234567890", "123456789012345678901234567891", false],
  // Keys have no order, lists have one.
  ['{"a":1,"b":2}', '{"b":2,"a":1}', true],
  ['{"a":1}', '{"a":1,"b":2}', false],
  ['{"a":1,"b":2}', '{"a":1}', false],
  ["[1,2]", "[2,1]", false],
  ["[1,2]", "[1,2,3]", false],
  ["[[1],[2]]", "[[1],[2]]", true],
  ['{"a":{"b":[1,{"c":null}]}}', '{"a":{"b":[1,{"c":null}]}}', true],
  ['{"__proto__":1}', "{}", false],
  ["{}", '{"__proto__":1}', false],
  ['{"toString":1}', "{}", false],
  // Text is exact.
  ['"a"', '"A"', false],
  ['"a"', '"a "', false],
  // Matchers.
  ['{"$any":true}', "null", true],
  ['{"a":{"$any":true}}', "{}", false],
  ['{"a":{"$optional":5}}', "{}", true],
  ['{"a":{"$optional":5}}', '{"a":5}', true],
  ['{"a":{"$optional":5}}', '{"a":6}', false],
  ['{"$oneOf":["EUR","€"]}', '"€"', true],
  ['{"$oneOf":[1,"2"]}', "2", false],
  ['{"$near":10,"within":0.5}', "10.5", true],
  ['{"$near":10,"within":0.5}', "10.6", false],
  ['{"$near":10,"within":0.5}', '"10"', false],
  ['{"$near":0.1,"within":0.2}', "0.3", true],
  ['{"$unordered":[1,2]}', "[2,1]", true],
  ['{"$unordered":[1,1,2]}', "[1,2,2]", false],
  ['{"$unordered":[{"$any":true},1]}', "[1,7]", true],
  ['{"$unordered":[1,2]}', "[1]", false],
  ['{"$path":"a/b.txt"}', '"./a//b.txt"', true],
  ['{"$path":"a/b.txt"}', '"/workspace/a/b.txt"', true],
  ['{"$path":"a/b.txt"}', '"a/c/../b.txt"', true],
  ['{"$path":"a/b.txt"}', '"/a/b.txt"', false],
  ['{"$path":"a/b.txt"}', '"../a/b.txt"', false],
  ['{"$path":"a"}', '"/workspaces/a"', false],
  ['{"$text":"a\\nb"}', '"a  \\r\\nb\\n\\n"', true],
  ['{"$text":"a"}', '" a"', false],
  ['{"$contains":["a","b"]}', '"xbxa"', true],
  ['{"$contains":["a","b"]}', '"xb"', false],
  ['{"$pattern":"^[0-9]+$"}', '"12"', true],
  ['{"$pattern":"^[0-9]+$"}', "12", false],
  ['{"$json":{"a":1}}', '"{ \\"a\\": 1.0 }"', true],
  ['{"$json":{"a":1}}', '"{"', false],
  ['{"$is":{"$any":true}}', '{"$any":true}', true],
  ['{"$is":{"$any":true}}', "5", false],
  ['{"$is":{"a":{"$any":true}}}', '{"a":1}', false],
];

test.for(rows)("%s against %s: %s", ([expected, given, same]) => {
  expect(matches(parseJson(expected), parseJson(given), exact)).toBe(same);
});

test("a stated tolerance is for whole numbers, too, and for no other type", () => {
  const near = (expected: WrittenValue, given: WrittenValue) =>
    matches(expected, given, { absolute: 0, relative: 0.01 });
  expect([
    near(1000, 1010),
    near(1000, 1011),
    near(1000, "1000"),
    near(-1000, -990),
    near(0, 1e-300),
  ]).toEqual([true, false, false, true, false]);
  expect(matches(5, 6, { absolute: 1, relative: 0 })).toBe(true);
  expect(matches(5, 6.01, { absolute: 1, relative: 0 })).toBe(false);
});

const json = fc.jsonValue({ maxDepth: 4 }).filter((value) => !JSON.stringify(value).includes('"$'));

test("whatever was written is itself, in any order of its keys, and nothing else", () => {
  const shuffled = (value: unknown): unknown => {
    if (Array.isArray(value)) return value.map(shuffled);
    if (value === null || typeof value !== "object") return value;
    return Object.fromEntries(
      Object.entries(value)
        .toReversed()
        .map(([key, one]) => [key, shuffled(one)]),
    );
  };
  fc.assert(
    fc.property(json, json, (a, b) => {
      const [one, other] = [parseJson(JSON.stringify(a)), parseJson(JSON.stringify(b))];
      expect(matches(one, parseJson(JSON.stringify(shuffled(a))), exact)).toBe(true);
      expect(matches(other, one, exact)).toBe(matches(one, other, exact));
      expect(matches({ $is: one }, one, exact)).toBe(true);
    }),
  );
});

test.for([
  { matcher: '{"$near":1}', why: /within/ },
  { matcher: '{"$nearly":1}', why: /no matcher; known: \$is/ },
  { matcher: '{"$pattern":"("}', why: /no regular expression/ },
  { matcher: '{"$unordered":1}', why: /needs a list/ },
  { matcher: '{"$text":1}', why: /needs a text/ },
  { matcher: '{"$any":true,"b":1}', why: /has b beside it/ },
])("$matcher is refused, not taken for something else", ({ matcher, why }) => {
  expect(() => matcherOf(parseJson(matcher))).toThrow(why);
});

test("arguments are an object, or none", () => {
  const rowsOfArguments = [
    '{"a":1}',
    "",
    " ",
    "[]",
    "1",
    "null",
    '{"a":',
    '"{}"',
    '{"a":1}{"b":2}',
    "{'a':1}",
  ];
  expect(rowsOfArguments.map((text) => parseArguments(text) !== null)).toEqual([
    true,
    true,
    true,
    ...Array.from({ length: 7 }, () => false),
  ]);
});

test("a path is the same however it is written", () => {
  expect(["a/./b", "a/b/", "/workspace/a/b", "./a/b", "a/c/../b"].map(plainPath)).toEqual(
    Array.from({ length: 5 }, () => "a/b"),
  );
  expect(["../a", "/etc/passwd", "/workspace", "a/../../b"].map(plainPath)).toEqual([
    "../a",
    "/etc/passwd",
    "",
    "../b",
  ]);
});
