import type { AnswerChecks, Tolerance } from "../contract/case.ts";
import { matches } from "./compare.ts";

/** What a model said, without what it thought: thoughts hold every number that it did not mean. */
export function spokenText(text: string): string {
  const closed = text.lastIndexOf("</think>");
  const behind = closed === -1 ? text : text.slice(closed + "</think>".length);
  const open = behind.indexOf("<think>");
  return (open === -1 ? behind : behind.slice(0, open)).trim();
}

/** What an answer lacks, in words; nothing: it holds everything. */
export function answerFaults(
  { contains, lacks, numbers }: AnswerChecks,
  text: string,
  tolerance: Tolerance,
): string[] {
  const said = folded(text);
  const found = numbersIn(text);
  return [
    ...contains.flatMap((words) =>
      words.some((word) => said.includes(folded(word))) ? [] : [`does not say ${words.join(" or ")}`],
    ),
    ...lacks.flatMap((word) => (said.includes(folded(word)) ? [`says ${word}`] : [])),
    ...numbers.flatMap((number) =>
      found.some((one) => matches(number, one, tolerance)) ? [] : [`does not say the number ${number}`],
    ),
  ];
}

/** Letters of either case, and any run of spaces, are one. */
const folded = (text: string) => text.normalize("NFKC").toLowerCase().replaceAll(/\s+/gu, " ");

/** Numbers of a text; commas between groups of three digits are none of it. */
export function numbersIn(text: string): number[] {
  const found = text.matchAll(
    /(?<![\w.,])[-+−]?(?:\d{1,3}(?:,\d{3})+|\d+)(?:\.\d+)?(?:[eE][-+]?\d+)?(?!\d|[.,]\d)/gu,
  );
  return [...found].map(([number]) =>
    Number(number.replaceAll(",", "").replace("−", "-").replace(/^\+/, "")),
  );
}
