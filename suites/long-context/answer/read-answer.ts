import { cities } from "../material/documents.ts";
import type { MaterialKind } from "../material/material.ts";

/** What was taken from an answer, by a rule that knows the form of answers of its kind and nothing of the right one. */
export interface TakenAnswer {
  /** Each once, in the order in which it was said; empty: nothing of that form. */
  readonly said: readonly string[];
  /** Name of the rule, for the sample: docs/long-context.md has them all. */
  readonly rule: string;
}

interface Rule {
  readonly name: string;
  readonly of: (text: string) => readonly string[];
}

const once = (values: readonly string[]) => [...new Set(values)];
const allOf = (text: string, pattern: RegExp) => [...text.matchAll(pattern)].map(([match]) => match);

const rules: Readonly<Record<MaterialKind, Rule>> = {
  needle: {
    name: "numbers-of-six-digits",
    of: (text) =>
      once(allOf(text, /(?<![\d.,])\d{3}[, ]?\d{3}(?![\d]|[.,]\d)/g).map((one) => one.replace(/[, ]/, ""))),
  },
  needles: {
    name: "numbers-of-four-digits",
    of: (text) =>
      once(
        allOf(text, /(?<![\d.])\d(?:\d{3}|,\d{3}(?!\d))(?![\d]|\.\d)/g).map((one) => one.replace(",", "")),
      ),
  },
  documents: {
    name: "names-of-cities",
    of: (text) =>
      once(allOf(text, cityPattern()).map((one) => cityByLowerCase.get(one.toLowerCase()) ?? one)),
  },
  code: {
    name: "last-number",
    of: (text) =>
      allOf(text, /-?(?<![\w.])\d[\d,]*(?!\w)(?:\.\d+)?/g)
        .slice(-1)
        .map(plainNumber),
  },
};

const cityByLowerCase = new Map(cities.map((city) => [city.toLowerCase(), city]));

function cityPattern(): RegExp {
  return new RegExp(String.raw`\b(?:${cities.join("|")})\b`, "giu");
}

/** `1,234.0` and `1234` are one number. */
function plainNumber(text: string): string {
  const value = Number(text.replaceAll(",", ""));
  return Number.isFinite(value) ? String(value) : text;
}

/** Pure. What the model thought is no answer; where it says `Answer:`, what follows the last one is. */
export function readAnswer(kind: MaterialKind, text: string): TakenAnswer {
  const { name, of } = rules[kind];
  const spoken = withoutThoughts(text);
  const marked = /[\s\S]*\banswer\b\**\s*(?::|=|\bis\b:?)\**\s*([\s\S]*)$/i.exec(spoken)?.[1];
  const fromMark = marked === undefined ? [] : of(marked);
  if (fromMark.length > 0) return { said: fromMark, rule: `after-answer/${name}` };
  return { said: of(spoken), rule: name };
}

/** Closed `<think>` blocks, what stands before an end without a beginning, and what follows a beginning without an end. */
function withoutThoughts(text: string): string {
  return text
    .replaceAll(/<think>[\s\S]*?<\/think>/gi, "")
    .replace(/^[\s\S]*<\/think>/i, "")
    .replace(/<think>[\s\S]*$/i, "");
}
