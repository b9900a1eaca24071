import { expect, test } from "vitest";
import { PythonTemplate } from "../../../bench/gateway/rendering/python-template.ts";

const value = {
  yes: true,
  no: false,
  nothing: null,
  whole: 7,
  part: 2.5,
  text: "it's",
  list: [1, "a", true, null, []],
  map: { a: "b\n", c: { d: false } },
  empty: {},
};

/** What CPython 3.11 and Jinja 3.1 print. */
test.each([
  ["{{ yes }}", "True"],
  ["{{ no }}", "False"],
  ["{{ nothing }}", "None"],
  ["{{ none }}", "None"],
  ["{{ missing }}", ""],
  ["{{ whole }} {{ part }} {{ text }}", "7 2.5 it's"],
  ["{{ list }}", "[1, 'a', True, None, []]"],
  ["{{ map }}", String.raw`{'a': 'b\n', 'c': {'d': False}}`],
  ["{{ [text] }}", `["it's"]`],
  ["{{ empty }}", "{}"],
  ["{{ yes | string }}", "True"],
  ["{{ nothing | string }}", "None"],
  ["{{ empty | string }}", "{}"],
  ["{{ list | string | length }}", "24"],
  ["{{ missing | string }}", ""],
  ["{{ (yes | string) | trim | lower }}", "true"],
  ["{{ 'a' ~ yes ~ nothing ~ 1 }}", "aTrueNone1"],
  ["{{ yes | tojson }} {{ nothing | tojson }} {{ list | tojson }}", 'true null [1, "a", true, null, []]'],
  ["{{ 1 == 1 }} {{ 'a' in map }} {{ not yes }}", "True True False"],
  ["{% if no %}a{% else %}{{ no }}{% endif %}", "False"],
  ["{% for one in [true, none] %}{{ one }} {% endfor %}", "True None "],
  ["{% set x = yes %}{{ x }}", "True"],
  ["{% set x %}{{ yes }}{% endset %}{{ x }}", "True"],
  ["{% macro m(a) %}{{ a }}{% endmacro %}{{ m(no) }}", "False"],
  ["{%- set ns = namespace(a=false) %}{% set ns.a = true %}{{ ns.a }}", "True"],
  ["{{ range(3) | list }} {{ range(5, 1, -2) | list }} {{ range(2, 2) | list }}", "[0, 1, 2] [5, 3] []"],
  ["{{ 'x' if yes else 'y' }}{# a comment #}", "x"],
])("%s prints %s", (source, printed) => {
  expect(new PythonTemplate(source).render(value)).toBe(printed);
});

test("a template's own refusal keeps its words", () => {
  expect(() => new PythonTemplate("{{ raise_exception('no system message') }}").render({})).toThrow(
    "no system message",
  );
  expect(() => new PythonTemplate("{{ range(1, 2, 0) }}").render({})).toThrow("must not be zero");
  expect(new PythonTemplate("{{ strftime_now('%Y') }}").render({})).toMatch(/^\d{4}$/);
});
