import * as fc from "fast-check";
import { expect, test } from "vitest";
import { closestWord } from "../../bench/config/closest-word.ts";

const known = ["sweep", "stack", "workload", "concurrency", "repetitions"];

test.each([
  ["swep", "sweep"],
  ["SWEEP", "sweep"],
  ["stakc", "stack"],
  ["concurency", "concurrency"],
  ["repetition", "repetitions"],
  ["nothing-like-it", null],
  ["x", null],
  ["", null],
])("%s is meant as %s", (word, meant) => {
  expect(closestWord(word, known)).toBe(meant);
});

test("of two that are near the nearer one, of equals the first", () => {
  expect(closestWord("arm", ["arms", "arm"])).toBe("arm");
  expect(closestWord("as", ["at", "an"])).toBe("at");
});

test("one wrong letter anywhere in a long word is understood", () => {
  const slip = fc.record({
    word: fc.constantFrom("workload", "concurrency", "repetitions"),
    at: fc.nat(7),
    letter: fc.constantFrom("x", "q", "7"),
  });
  fc.assert(
    fc.property(slip, ({ word, at, letter }) => {
      expect(closestWord(`${word.slice(0, at)}${letter}${word.slice(at + 1)}`, known)).toBe(word);
    }),
  );
});
