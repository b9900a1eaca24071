import { countNumberedLines } from "../text/numbered-lines.ts";
import { countSentences } from "../text/sentences.ts";

/** An instruction of which a program can tell whether an answer follows it, as IFEval has them. */
export interface InstructionProbe {
  readonly prompt: string;
  /** Of the text that a reader sees, which is never empty here. */
  readonly follows: (text: string) => boolean;
}

export const instructionProbes: readonly InstructionProbe[] = [
  {
    prompt: "Tell me about Python in exactly 3 sentences.",
    follows: (text) => countSentences(text) === 3,
  },
  {
    prompt: "Name 5 benefits of exercise as a numbered list.",
    follows: (text) => countNumberedLines(text) >= 5,
  },
  {
    prompt: 'What is recursion? Explain it without using the word "function".',
    follows: (text) => !text.toLowerCase().includes("function"),
  },
];
