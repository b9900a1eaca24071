import { endedAtLimit } from "../../../bench/answer/complete.ts";
import type { MaterialKind } from "../material/material.ts";
import { readAnswer } from "./read-answer.ts";

/** What an answer can be; every sample has one of these. */
export const longVerdicts = [
  "passed",
  /** Some of what was asked for, and nothing else. */
  "incomplete",
  "wrong-answer",
  /** The right one beside others. */
  "several-answers",
  /** Nothing of the form that was asked for. */
  "no-answer",
  "refusal",
  /** Nothing of that form, because the answer was cut at its greatest length. */
  "length",
] as const;
export type LongVerdict = (typeof longVerdicts)[number];

export interface JudgedLong {
  /** What was taken from the text; null: nothing. */
  readonly answer: string | null;
  readonly rule: string;
  readonly verdict: LongVerdict;
  readonly passed: boolean;
  /** Right ones of those that were asked for or said, whichever are more: naming everything is worth little. */
  readonly found: number;
}

const refusal =
  /\b(?:I\s+(?:can(?:no|')t|am\s+(?:unable|not\s+able)|won't)|I'm\s+(?:sorry|unable|not\s+able))\b/i;

/** Pure. */
export function judgeAnswer(
  { kind, expected }: { readonly kind: MaterialKind; readonly expected: readonly string[] },
  { text, finishReason }: { readonly text: string; readonly finishReason: string | null },
): JudgedLong {
  const { said, rule } = readAnswer(kind, text);
  const right = said.filter((one) => expected.includes(one)).length;
  const wrong = said.length - right;
  const passed = wrong === 0 && right === expected.length;
  return {
    answer: said.length === 0 ? null : said.join(", "),
    rule,
    verdict: passed ? "passed" : verdictOf({ right, wrong, text, finishReason }),
    passed,
    found: right / Math.max(expected.length, said.length),
  };
}

function verdictOf({
  right,
  wrong,
  text,
  finishReason,
}: {
  readonly right: number;
  readonly wrong: number;
  readonly text: string;
  readonly finishReason: string | null;
}): LongVerdict {
  if (right > 0) return wrong > 0 ? "several-answers" : "incomplete";
  if (wrong > 0) return "wrong-answer";
  if (endedAtLimit(finishReason)) return "length";
  return refusal.test(text) ? "refusal" : "no-answer";
}
