import { expect, test } from "vitest";
import { caselessPattern, pythonPattern } from "../../../../suites/tasks/python/python-pattern.ts";

test.for([
  ["a named group and what it names", "(?P<q>['\"])x(?P=q)", "say 'x'", true],
  ["a letter beyond ASCII is part of a word", String.raw`\bcaf\b`, "café", false],
  ["a word of such letters", String.raw`^\w+$`, "café", true],
  ["the end of the whole text", String.raw`b\Z`, "a b\nc", false],
  ["lines and what is between them", "^a.*^c$", "a\nb\nc", true],
  ["a flag at the beginning", "(?i)TOTAL", "total", true],
  ["braces and brackets that are themselves", "{x}]", "{x}]", true],
  ["a bracket that stands first in a class", "[]x]", "]", true],
  ["a count without a least number", "^a{,2}$", "aa", true],
] as const)("as Python reads it: %s", ([, source, text, found]) => {
  expect(pythonPattern(source, { lines: true })?.test(text)).toBe(found);
});

test.for(["(", "(?(1)a|b)", "a**", String.raw`\b*`, "[z-a]"])("%s is no pattern", (source) => {
  expect(pythonPattern(source)).toBeNull();
});

test("a caseless search looks at words as Python does", () => {
  expect(caselessPattern(String.raw`\bDONE\b`)?.test("It is done.")).toBe(true);
  expect(caselessPattern(String.raw`\bDONE\b`)?.test("undoné")).toBe(false);
});

test.for(["(?i)^exec$", "(?P<tool>exec)", "(?is)exec"])(
  "a caseless search takes what a task's file may say: %s",
  (source) => {
    expect(pythonPattern(source)).not.toBeNull();
    expect(caselessPattern(source)?.test("EXEC")).toBe(true);
  },
);
