import { z } from "zod";
import { exactNumber } from "../answers/exact-number.ts";
import { filled, type ProblemForm } from "./problem-file.ts";

const schema = z.object({
  question: filled,
  answer: filled.refine((text) => expectedIn(text) !== null, "does not end with `#### ` and a number"),
});

/** What stands behind the last `####`; the data set writes thousands with commas and some sums with a currency. */
function expectedIn(text: string): string | null {
  const found = /.*####\s*[$€£]?\s*(.+?)\s*$/su.exec(text)?.[1] ?? null;
  return found !== null && exactNumber(found) !== null ? found : null;
}

/** GSM8K: a sum in words. Its rows have no ids, so a problem is called by its line. */
export const gsm8k: ProblemForm<z.infer<typeof schema>> = {
  name: "GSM8K",
  schema,
  problem: ({ question, answer }, line) => ({
    problem: { kind: "number", id: `gsm8k/${line}`, expected: expectedIn(answer) ?? "" },
    ask: `${question.trim()}\n\nThink step by step, and end with a line that is \`#### \` and the number alone.\n`,
    group: "gsm8k",
    canonical: answer,
  }),
};
