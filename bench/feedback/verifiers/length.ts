import { z } from "zod";
import { wordsOf } from "../text/python-text.ts";
import { countSentences } from "../text/sentences.ts";
import { whole } from "./verified.ts";
import { verifierKind } from "./kind.ts";

const counts = {
  characters: (text: string) => Array.from(text).length,
  words: (text: string) => wordsOf(text).length,
  sentences: countSentences,
  lines: (text: string) => text.split("\n").filter((line) => line.trim() !== "").length,
} as const;

const bound = z.number().int().min(0).optional();

const schema = z
  .strictObject({
    kind: z.literal("length"),
    unit: z
      .enum(["characters", "words", "sentences", "lines"])
      .describe(
        "characters: Unicode code points; sentences: as `concise` counts them; lines: those with a text",
      ),
    min: bound,
    max: bound,
  })
  .refine(({ min, max }) => min !== undefined || max !== undefined, {
    path: ["max"],
    message: "no length is asked for: give min, max or both",
  })
  .refine(({ min, max }) => min === undefined || max === undefined || min <= max, {
    path: ["min"],
    message: "is more than max: no answer could pass",
  });

export const length = verifierKind({
  kind: "length",
  schema,
  make: ({ unit, min = 0, max = Infinity }) => ({
    rule:
      max === Infinity
        ? `at least ${min} ${unit}`
        : min === 0
          ? `at most ${max} ${unit}`
          : `${min} to ${max} ${unit}`,
    verify: async (response) => {
      const count = counts[unit](response);
      return whole(count >= min && count <= max, `${count} ${unit}`);
    },
  }),
});
