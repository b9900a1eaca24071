import * as fc from "fast-check";
import { expect, test } from "vitest";
import { caseAt } from "../../../suites/long-context/contract/cases.ts";
import { kinds, questionCount } from "../../../suites/long-context/material/material.ts";
import { materials } from "../../../suites/long-context/material/materials.ts";
import { exactPrompt } from "../../../suites/long-context/prompt/exact-prompt.ts";
import { simulatorCounter, simulatorTokens } from "./simulator-counter.ts";

const anyCase = fc
  .record({
    kind: fc.constantFrom(...kinds),
    length: fc.integer({ min: 1024, max: 6000 }),
    depth: fc.double({ min: 0, max: 1, noNaN: true }),
    seed: fc.nat(1_000_000),
  })
  .map(({ seed, ...place }) => caseAt(place, { trial: 0, seed }));

const allKeys = (kind: (typeof kinds)[number]) =>
  Array.from({ length: questionCount }, (_, index) => materials[kind].question(index).key);

test("every prompt has exactly its tokens, says what the answer needs once, and is made again byte by byte", async () => {
  await fc.assert(
    fc.asyncProperty(anyCase, async (one) => {
      const counter = simulatorCounter();
      const { text, tokens } = await exactPrompt(one, counter);
      expect([tokens, simulatorTokens(text)]).toEqual([one.length, one.length]);
      // After others, too: nothing is learnt from one text for the next.
      await exactPrompt({ ...one, length: one.length + 700, depth: 1 - one.depth }, counter);
      expect((await exactPrompt(one, counter)).text).toBe(text);
      const { key, needs, pieces } = materials[one.kind].question(one.question);
      for (const part of [key, ...needs, ...pieces]) expect(text.split(part)).toHaveLength(2);
      const keys = kinds.flatMap((kind) => allKeys(kind)).filter((other) => other !== key);
      expect(keys.filter((other) => text.includes(other))).toEqual([]);
    }),
    { numRuns: 40 },
  );
});

test("the first thing that an answer needs stands at its depth", async () => {
  await fc.assert(
    fc.asyncProperty(anyCase, async (one) => {
      const { text } = await exactPrompt(one, simulatorCounter());
      const { pieces, ask } = materials[one.kind].question(one.question);
      const places = pieces.map((piece) => text.indexOf(piece));
      expect(places).toEqual(places.toSorted((a, b) => a - b));
      const body = text.length - ask.length - pieces.join("").length;
      // Whole blocks are not cut: the longest has some 500 characters.
      expect(Math.abs((places[0] ?? 0) - one.depth * body)).toBeLessThan(900);
    }),
    { numRuns: 40 },
  );
});

test("a text of 128K tokens takes few counts", async () => {
  const one = caseAt({ kind: "documents", length: 131_072, depth: 0.5 }, { trial: 0, seed: 1 });
  const counter = simulatorCounter();
  const { text } = await exactPrompt(one, counter);
  expect(simulatorTokens(text)).toBe(131_072);
  expect(counter.asked).toBeLessThanOrEqual(8);
});

test("a count that costs a prefill is asked a few times and not to confirm", async () => {
  const one = caseAt({ kind: "needle", length: 8192, depth: 0.5 }, { trial: 0, seed: 1 });
  const counter = simulatorCounter({ dear: true });
  const { text } = await exactPrompt(one, counter);
  expect(simulatorTokens(text)).toBe(8192);
  expect(counter.asked).toBeLessThanOrEqual(4);
});

test.each([
  {
    what: "a server that cuts what it counts",
    counter: { count: async (text: string) => Math.min(4096, simulatorTokens(text)) },
    says: /cuts long prompts. Write shorter lengths/,
  },
  {
    what: "padding that is never one token",
    counter: { unit: " incomprehensibilities" },
    says: /no number of words "incomprehensibilities" at its end makes 8192 tokens/,
  },
  {
    what: "a question that is longer than the prompt",
    counter: { count: async (text: string) => 9000 + text.length },
    says: /question and pieces alone are \d+ tokens. Write a greater length/,
  },
])("$what is refused with what to do", async ({ counter, says }) => {
  const one = caseAt({ kind: "needle", length: 8192, depth: 0.5 }, { trial: 0, seed: 1 });
  await expect(exactPrompt(one, simulatorCounter(counter))).rejects.toThrow(says);
});
