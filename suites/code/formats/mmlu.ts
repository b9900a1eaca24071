import { z } from "zod";
import { letterOf } from "../answers/extract-choice.ts";
import { filled, type ProblemForm } from "./problem-file.ts";

/** Numbers and words are choices as well as texts. */
const choice = z.union([z.string(), z.number().transform(String), z.bigint().transform(String)]);
const index = z.union([z.number(), z.bigint().transform(Number), filled]).transform((written) => {
  const letter = typeof written === "string" ? /^\s*\(?([A-Za-z])\)?\s*$/.exec(written)?.[1] : undefined;
  return letter === undefined ? Number(written) : (letter.toUpperCase().codePointAt(0) ?? 0) - 65;
});

const schema = z
  .object({
    question: filled,
    subject: z.string().nullish(),
    choices: z.array(choice).min(2).max(26),
    answer: index,
  })
  .refine(({ answer, choices }) => Number.isInteger(answer) && answer >= 0 && answer < choices.length, {
    path: ["answer"],
    message: "names none of the choices: it is a letter, or an index from 0",
  });

/** MMLU: one of several choices. Its rows have no ids, so a problem is called by its line. */
export const mmlu: ProblemForm<z.infer<typeof schema>> = {
  name: "MMLU",
  schema,
  problem: ({ question, subject, choices, answer }, line) => {
    const list = choices.map((text, at) => `${letterOf(at)}. ${text}`).join("\n");
    return {
      problem: { kind: "choice", id: `mmlu/${line}`, choices, expected: answer },
      ask: `${question.trim()}\n\n${list}\n\nAnswer with the letter of the right choice: \`Answer: LETTER\`.\n`,
      group: subject?.trim() || "mmlu",
      canonical: letterOf(answer),
    };
  },
};
