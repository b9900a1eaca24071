import { expect, test } from "vitest";
import { createRng } from "../../../bench/statistics/rng.ts";
import { kinds, questionCount } from "../../../suites/long-context/material/material.ts";
import { materials } from "../../../suites/long-context/material/materials.ts";
import {
  cityName,
  companyName,
  names,
  personName,
  placeName,
} from "../../../suites/long-context/material/words.ts";

const indexes = Array.from({ length: questionCount }, (_, index) => index);
const fillersOf = (kind: (typeof kinds)[number]) => {
  const rng = createRng(7);
  return Array.from({ length: 20_000 }, (_, index) => materials[kind].filler(rng, index)).join("\n");
};

/** What a text that is about the question with that number would hold. */
const subjects = {
  needle: (index: number) => [`${placeName(index)} archive`],
  needles: (index: number) => [`keys of the ${placeName(index)} vault`],
  documents: (index: number) => [`The ${companyName(index)} `, `founded by ${personName(index)}.`],
  code: (index: number) =>
    ["total", "step", "base"].map((part) => `${part}_${placeName(index).replace(" ", "_")}(`),
} as const;

test.each(kinds)("%s: the words around a question say nothing that answers one", (kind) => {
  const text = fillersOf(kind);
  const said = indexes.flatMap((index) => subjects[kind](index).filter((subject) => text.includes(subject)));
  expect(said).toEqual([]);
  // The pieces themselves do, or nothing would be looked for here.
  for (const index of indexes)
    for (const subject of subjects[kind](index))
      expect(materials[kind].question(index).pieces.join("\n")).toContain(subject);
});

test("no number stands in the chronicle but those of needles", () => {
  expect(fillersOf("needle")).not.toMatch(/\d/);
  const others = new Set(indexes.flatMap((index) => materials.needles.question(index).expected));
  const numbers = [...fillersOf("needles").matchAll(/\d+/g)].map(([number]) => number);
  expect(numbers.length).toBeGreaterThan(100);
  expect(numbers.filter((number) => others.has(number))).toEqual([]);
});

test("all names differ, so that no two questions are one", () => {
  const all = Array.from({ length: names }, (_, index) => index);
  for (const nameOf of [placeName, personName, cityName]) expect(new Set(all.map(nameOf)).size).toBe(names);
  expect(new Set(Array.from({ length: 4096 }, (_, index) => companyName(index))).size).toBe(4096);
  const keys = kinds.flatMap((kind) => indexes.map((index) => materials[kind].question(index).key));
  expect(new Set(keys).size).toBe(kinds.length * questionCount);
});

test("what a chain of functions returns is what Python makes of it", () => {
  for (const index of indexes) {
    const { pieces, ask, expected } = materials.code.question(index);
    const text = pieces.join("\n");
    const number = (pattern: RegExp) => Number(pattern.exec(text)?.[1]);
    const given = Number(/\((\d+)\)/.exec(ask)?.[1]);
    const value = (given - number(/value - (\d+)/)) * number(/\* (\d+)/) + number(/\+ (\d+)/);
    expect([String(value)]).toEqual(expected);
  }
});
