import * as fc from "fast-check";
import { expect, test } from "vitest";
import { memberText, spelledAlike } from "../../bench/store/json-text.ts";

test("the text of a member is what JSON.parse reads, for any object and key", () => {
  const key = fc.constantFrom("a", "b", 'q"', "\\", "日本", "");
  fc.assert(
    fc.property(
      fc.array(fc.tuple(key, fc.jsonValue()), { maxLength: 6 }),
      key,
      fc.nat(4),
      (members, wanted, space) => {
        const blank = " \n\t ".slice(0, space);
        const body = members.map(([name, value]) =>
          [JSON.stringify(name), ":", JSON.stringify(value, null, space), ""].join(blank),
        );
        const json = `${blank}{${blank}${body.join(`,${blank}`)}}`;
        const text = memberText(json, wanted);
        const parsed = JSON.parse(json) as Record<string, unknown>;
        expect(text === null ? undefined : JSON.parse(text)).toEqual(parsed[wanted]);
      },
    ),
  );
});

test("a member's text keeps its spelling; one inside another member or a string is not meant", () => {
  expect(memberText('{"x":{"n":1},"s":"\\"n\\":2","n" : 2.0e0 }', "n")).toBe("2.0e0");
  expect(memberText('{"x":{"n":1},"s":"n"}', "n")).toBeNull();
  expect(memberText('{"n":1,"n":[1, 2]}', "n")).toBe("[1, 2]");
});

test("white space and escapes are made alike, numbers and order are not", () => {
  expect(spelledAlike('{ "a" : "\\u00e9 b", "n": 2.0 }')).toBe('{"a":"é b","n":2.0}');
  expect(spelledAlike('{"n":2}')).not.toBe(spelledAlike('{"n":2.0}'));
  fc.assert(
    fc.property(fc.jsonValue(), fc.nat(4), (value, space) => {
      expect(spelledAlike(JSON.stringify(value, null, space))).toBe(spelledAlike(JSON.stringify(value)));
    }),
  );
});
