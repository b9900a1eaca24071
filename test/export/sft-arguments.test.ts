import * as fc from "fast-check";
import { expect, test } from "vitest";
import { argumentObject } from "../../bench/export/sft-arguments.ts";

const kept = null;
const same = Symbol("the text itself");

/** Argument texts of models and servers; the object in the line; the text beside it. */
const forms: readonly (readonly [name: string, text: string, json: string | null, own: symbol | null])[] = [
  ["as Qwen writes them", '{"loan_id": "L301"}', '{"loan_id":"L301"}', kept],
  ["none", "{}", "{}", kept],
  [
    "several types",
    '{"a": 1, "b": true, "c": null, "d": [1, 2.5]}',
    '{"a":1,"b":true,"c":null,"d":[1,2.5]}',
    kept,
  ],
  ["nested", '{"a": {"b": {"c": []}}}', '{"a":{"b":{"c":[]}}}', kept],
  [
    "quotes, colons and braces in a text",
    String.raw`{"a": "x\" : {1}"}`,
    String.raw`{"a":"x\" : {1}"}`,
    kept,
  ],
  ["letters beyond ASCII", '{"a": "é日🙂"}', '{"a":"é日🙂"}', kept],
  ["HTML", `{"a": "<b> & 'c'"}`, `{"a":"<b> & 'c'"}`, kept],
  ["without white space", '{"a":1,"b":2}', '{"a":1,"b":2}', same],
  ["on several lines", '{\n  "a": 1\n}', '{"a":1}', same],
  ["with white space around", ' {"a": 1}\n', '{"a":1}', same],
  ["with escapes that nobody needs", String.raw`{"a": "\u00e9\/"}`, '{"a":"é/"}', same],
  ["a float without a fraction", '{"a": 2.0}', '{"a":2.0}', same],
  ["trailing zeros", '{"a": 2.50}', '{"a":2.50}', same],
  ["an exponent", '{"a": 1e3}', '{"a":1e3}', same],
  ["more digits than a double has", '{"a": 12345678901234567890}', '{"a":12345678901234567890}', same],
  ["minus zero", '{"a": -0}', '{"a":-0}', same],
  ["numbers as keys: readers order them anew", '{"b": 1, "2": 1}', '{"b":1,"2":1}', same],
  ["a key twice: the last counts", '{"a": 1, "b": 2, "a": 3}', '{"a": 3, "b": 2}', same],
  ["a key twice, inside", '{"o": {"a": 1, "a": 2.0}}', '{"o":{"a":2.0}}', same],
  [
    "a key that prototypes have",
    '{"__proto__": 1, "constructor": 2}',
    '{"__proto__":1,"constructor":2}',
    kept,
  ],
  ["cut off", '{"a": ', null, kept],
  ["empty", "", null, kept],
  ["a list", "[1]", null, kept],
  ["null", "null", null, kept],
  ["a number", "7", null, kept],
  ["an object encoded twice", String.raw`"{\"a\": 1}"`, null, kept],
  ["Python's own writing", "{'a': None}", null, kept],
  ["NaN, which is no JSON", '{"a": NaN}', null, kept],
  ["a number beyond all doubles", '{"a": 1e999}', null, kept],
  ["half of a surrogate pair", String.raw`{"a": "\ud800"}`, null, kept],
  ["two objects", '{"a": 1}{"b": 2}', null, kept],
  ["text behind the object", '{"a": 1} done', null, kept],
  ["a comma too many", '{"a": 1,}', null, kept],
];

test.each(forms)("arguments: %s", (...form) => {
  const [, text, json, own] = form;
  const read = argumentObject(text);
  expect(read?.json.replaceAll(/([,:]) /g, "$1") ?? null).toBe(json?.replaceAll(/([,:]) /g, "$1") ?? null);
  expect(read?.own ?? null).toBe(own === same ? text : null);
});

test("whatever object comes: the line reads as the same value, and the text is beside it unless a reader gives it back", () => {
  fc.assert(
    fc.property(
      fc.dictionary(fc.string({ unit: "grapheme" }), fc.jsonValue()),
      fc.constantFrom(undefined, 2),
      (value, indent) => {
        const text = JSON.stringify(value, null, indent);
        const read = argumentObject(text);
        const wellFormed = !/\\ud[89a-f]/i.test(text);
        expect(read === null ? null : JSON.parse(read.json)).toEqual(wellFormed ? JSON.parse(text) : null);
        const unlost = read?.own === null ? read.json : null;
        expect(unlost).toBe(unlost === null ? null : JSON.stringify(JSON.parse(text)));
      },
    ),
  );
});
