import {
  array,
  assert,
  constantFrom,
  dictionary,
  integer,
  letrec,
  oneof,
  property,
  string,
} from "fast-check";
import { expect, test } from "vitest";
import { layered, mergedOver, originAt, plainValue } from "../../bench/config/layered.ts";

const noKinds = () => undefined;
const key = constantFrom("a", "b", "c");
/** Mappings of few keys, so that two of them meet often; lists and single values within. */
const { mapping } = letrec((tie) => ({
  mapping: dictionary(key, tie("value"), { maxKeys: 3, noNullPrototype: true }),
  value: oneof(
    { maxDepth: 3 },
    integer(),
    string({ maxLength: 2 }),
    array(integer(), { maxLength: 2 }),
    tie("mapping"),
  ),
}));

function pathsOf(value: unknown, path: readonly string[] = []): readonly (readonly string[])[] {
  if (value === null || typeof value !== "object" || Array.isArray(value)) return [path];
  return [path, ...Object.entries(value).flatMap(([name, item]) => pathsOf(item, [...path, name]))];
}

const at = (value: unknown, path: readonly string[]) =>
  path.reduce<unknown>((outer, name) => (outer as Readonly<Record<string, unknown>>)[name], value);
const isMapping = (value: unknown) => value !== null && typeof value === "object" && !Array.isArray(value);

test("each value of the whole is the upper one's where that says something, and else the lower one's", () => {
  assert(
    property(mapping, mapping, (over, under) => {
      const merged = mergedOver(layered(over, "over"), layered(under, "under"), noKinds);
      const whole = plainValue(merged);
      for (const path of pathsOf(whole)) {
        const value = at(whole, path);
        if (isMapping(value)) continue;
        const writer = originAt(merged, path);
        expect(at(writer === "over" ? over : under, path)).toEqual(value);
      }
      const said = pathsOf(over).filter((path) => !isMapping(at(over, path)));
      expect(said.map((path) => at(whole, path))).toEqual(said.map((path) => at(over, path)));
    }),
  );
});

test("a file over itself, over nothing or under nothing is itself", () => {
  const of = (value: unknown) => layered(value, "x");
  const over = (a: ReturnType<typeof of>, b: ReturnType<typeof of>) => mergedOver(a, b, noKinds);
  assert(
    property(mapping, (a) => {
      expect(plainValue(over(of(a), of(a)))).toEqual(a);
      expect(plainValue(over(of(a), of({})))).toEqual(a);
      expect(plainValue(over(of({}), of(a)))).toEqual(a);
    }),
  );
});

test.each([
  ["two kinds", { kind: "x", a: 1 }, { kind: "y", b: 2 }, { kind: "x", a: 1 }],
  ["the same kind", { kind: "x", a: 1 }, { kind: "x", b: 2 }, { kind: "x", b: 2, a: 1 }],
  ["a kind above", { kind: "x", a: 1 }, { b: 2 }, { kind: "x", b: 2, a: 1 }],
  ["a kind below", { a: 1 }, { kind: "y", b: 2 }, { kind: "y", b: 2, a: 1 }],
])("%s", (...[, over, under, expected]) => {
  expect(plainValue(mergedOver(layered({ s: over }, 1), layered({ s: under }, 2), noKinds))).toEqual({
    s: expected,
  });
});

test("a kind that is left out counts as what it defaults to", () => {
  const implied = (path: readonly string[]) => (path.join(".") === "s" ? "y" : undefined);
  const merged = mergedOver(layered({ s: { kind: "x" } }, 1), layered({ s: { b: 2 } }, 2), implied);
  expect(plainValue(merged)).toEqual({ s: { kind: "x" } });
});

test("a key that every object has is a key like another", () => {
  const text = '{"__proto__": {"a": 1}, "constructor": 2}';
  const merged = mergedOver(layered(JSON.parse(text), 1), layered(JSON.parse(text), 2), noKinds);
  expect(JSON.stringify(plainValue(merged))).toBe('{"__proto__":{"a":1},"constructor":2}');
});
