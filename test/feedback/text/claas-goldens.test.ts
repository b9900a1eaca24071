import { readFileSync } from "node:fs";
import { join } from "node:path";
import * as fc from "fast-check";
import { expect, test } from "vitest";
import { instructionProbes } from "../../../bench/feedback/metrics/instruction-probes.ts";
import { loadPreferences } from "../../../bench/feedback/preferences/load-preferences.ts";
import { symbolsIn } from "../../../bench/feedback/text/emoji.ts";
import { wordsOf } from "../../../bench/feedback/text/python-text.ts";
import { rougeL } from "../../../bench/feedback/text/rouge.ts";
import { countSentences } from "../../../bench/feedback/text/sentences.ts";
import { visibleText } from "../../../bench/feedback/text/visible-text.ts";
import { askClaas, readClaasSaid, type ClaasSaid } from "./claas.ts";
import { pairs, texts } from "./random-texts.ts";

const stored = readClaasSaid(readFileSync(join(import.meta.dirname, "claas-goldens.jsonl"), "utf8"));
const names = ["no_emoji", "concise", "identity"] as const;
const preferences = loadPreferences({ names, files: [], environment: {} });

test("texts are worth what CLaaS' own functions say of them, to the last digit", async () => {
  expect(stored.texts.length).toBeGreaterThan(300);
  for (const said of stored.texts) expect(await ours(said.text)).toEqual(said);
});

test("ROUGE-L is that of CLaaS' own function, to the last digit", () => {
  expect(stored.rouge.length).toBeGreaterThan(100);
  for (const [one, other, score] of stored.rouge)
    expect([one, other, rougeL(one, other)]).toEqual([one, other, score]);
});

test.skipIf(process.env["CLAAS_CHECKOUT"] === undefined)(
  "CLaaS' own functions say the same of thousands of random texts",
  async () => {
    const asked = {
      texts: fc.sample(texts, 5_000).filter((text) => !visibleText(text).cutInThoughts),
      pairs: fc.sample(pairs, 2_000),
    };
    const theirs = askClaas(asked);
    for (const said of theirs.texts) expect(await ours(said.text)).toEqual(said);
    for (const [one, other, score] of theirs.rouge)
      expect([one, other, rougeL(one, other)]).toEqual([one, other, score]);
    expect(
      askClaas({ texts: stored.texts.map(({ text }) => text), pairs: stored.rouge.map(([a, b]) => [a, b]) }),
    ).toEqual(stored);
  },
);

async function ours(text: string): Promise<ClaasSaid["texts"][number]> {
  const { text: visible } = visibleText(text);
  const context = { prompt: "", signal: new AbortController().signal };
  const [no_emoji, concise, identity] = await Promise.all(
    preferences.map(async ({ verifier }) => {
      const { score, passed } = await verifier.verify(visible, context);
      return [score, passed] as [number, boolean];
    }),
  );
  if (no_emoji === undefined || concise === undefined || identity === undefined)
    throw new Error("three are asked for");
  const [three = false, numbered = false, without = false] = instructionProbes.map(({ follows }) =>
    follows(visible),
  );
  return {
    text,
    visible,
    words: wordsOf(visible).length,
    sentences: countSentences(visible),
    symbols: symbolsIn(visible).length,
    no_emoji,
    concise,
    identity,
    follows: [three, numbered, without],
  };
}
