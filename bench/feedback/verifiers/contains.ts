import { z } from "zod";
import { quoted, whole } from "./verified.ts";
import { verifierKind } from "./kind.ts";

const texts = z.array(z.string().min(1)).default([]);

const schema = z
  .strictObject({
    kind: z.literal("contains"),
    all: texts.describe("Each must stand in the answer"),
    any: texts.describe("One of them must"),
    none: texts.describe("None may"),
    case_sensitive: z.boolean().default(false),
    whole_words: z
      .boolean()
      .default(false)
      .describe("No letter or digit may stand beside it: `cat` is not in `concatenate`"),
  })
  .refine(({ all, any, none }) => all.length + any.length + none.length > 0, {
    path: ["all"],
    message: "nothing is asked for: give a list of texts for all, any or none",
  });

type Setting = z.output<typeof schema>;

export const contains = verifierKind({
  kind: "contains",
  schema,
  make: (setting) => ({
    rule: ruleOf(setting),
    verify: async (response) => {
      const faults = faultsOf(response, setting);
      return whole(faults.length === 0, faults.length === 0 ? null : faults.join("; "));
    },
  }),
});

function ruleOf({ all, any, none, case_sensitive, whole_words }: Setting): string {
  const list = (items: readonly string[]) => items.map(quoted).join(", ");
  return [
    ...(all.length > 0 ? [`contains ${list(all)}`] : []),
    ...(any.length > 0 ? [`contains one of ${list(any)}`] : []),
    ...(none.length > 0 ? [`does not contain ${list(none)}`] : []),
    ...(whole_words ? ["as whole words"] : []),
    ...(case_sensitive ? ["in exactly these letters"] : []),
  ].join("; ");
}

function faultsOf(response: string, { all, any, none, ...how }: Setting): readonly string[] {
  const said = folded(response, how);
  const has = (text: string) => standsIn(said, folded(text, how), how);
  return [
    ...all.filter((text) => !has(text)).map((text) => `lacks ${quoted(text)}`),
    ...(any.length > 0 && !any.some(has) ? [`has none of ${any.map(quoted).join(", ")}`] : []),
    ...none.filter(has).map((text) => `has ${quoted(text)}`),
  ];
}

type How = Pick<Setting, "case_sensitive" | "whole_words">;

/** One text may be written in several sequences of characters that look the same. */
function folded(text: string, { case_sensitive }: How): string {
  const normal = text.normalize("NFC");
  return case_sensitive ? normal : normal.toLowerCase();
}

const wordCharacter = /[\p{L}\p{N}\p{M}_]/u;

function standsIn(said: string, text: string, { whole_words }: How): boolean {
  if (!whole_words) return said.includes(text);
  for (let at = said.indexOf(text); at !== -1; at = said.indexOf(text, at + 1)) {
    const before = Array.from(said.slice(Math.max(0, at - 2), at)).at(-1) ?? "";
    const after = Array.from(said.slice(at + text.length, at + text.length + 2)).at(0) ?? "";
    if (!wordCharacter.test(before) && !wordCharacter.test(after)) return true;
  }
  return false;
}
