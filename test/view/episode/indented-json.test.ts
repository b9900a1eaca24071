import * as fc from "fast-check";
import { expect, test } from "vitest";
import { indentedJson } from "../../../bench/view/episode/indented-json.ts";

test("numbers, escapes, empty members and members that are there twice stay as they were written", () => {
  expect(
    indentedJson(
      String.raw`{"n": 2.0, "n":1e400,"a":[ ],"o":{},"s":"a\"b\\","u":"\u00e9","l":[1,{"x":null}]}`,
    ),
  ).toBe(
    String.raw`{
  "n": 2.0,
  "n": 1e400,
  "a": [ ],
  "o": {},
  "s": "a\"b\\",
  "u": "\u00e9",
  "l": [
    1,
    {
      "x": null
    }
  ]
}`,
  );
});

test.each(["", "plain", "12", '"text"', "{broken", "null"])("%j is no object and no list", (text) => {
  expect(indentedJson(text)).toBeNull();
});

test("what it says is the same, and only white space is another", () => {
  fc.assert(
    fc.property(fc.json(), fc.boolean(), (text, spaced) => {
      const given = spaced ? JSON.stringify(JSON.parse(text), null, 3) : text;
      const shown = indentedJson(given);
      if (shown === null) return;
      expect(JSON.parse(shown)).toEqual(JSON.parse(given));
      expect(outsideOfStrings(shown)).toBe(outsideOfStrings(given));
    }),
  );
});

const outsideOfStrings = (text: string) =>
  text.replaceAll(/("[^"\\]*(?:\\.[^"\\]*)*")|\s+/g, (_whole, string: string | undefined) => string ?? "");
