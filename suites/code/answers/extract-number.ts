import { lastBoxed } from "./boxed.ts";
import { isRefusal, nothing, type Extracted } from "./extracted.ts";
import { numbersIn } from "./exact-number.ts";
import { withoutThoughts } from "./thoughts.ts";

const announced =
  /\b(?:final answer|answer|result|total)\b[*_"]*\s*(?:(?:is|are|was|equals|would be|will be|comes to)\b(?!\s+not\b)|:|=)\s*/gimu;

/**
 * The number that a model gives as its answer, by the first of these rules that finds one: the last line with `####`, the last
 * `\boxed{}`, the last "the answer is …", the last number of the text.
 */
export function extractNumber(said: string): Extracted {
  if (said.trim() === "") return nothing("empty");
  const { text, thoughts } = withoutThoughts(said);
  if (text.trim() === "") return nothing(thoughts === "open" ? "open-thoughts" : "only-thoughts");
  const hashes = [...text.matchAll(/^.*####(.*)$/gmu)].at(-1)?.[1];
  const boxed = lastBoxed(text);
  const statement = afterLast(text, announced);
  const found = first("hashes", hashes) ?? first("boxed", boxed) ?? result(statement) ?? last(text);
  return found ?? nothing(isRefusal(text) ? "refusal" : "no-number");
}

/** The rest of the line after the last place that a pattern finds. */
function afterLast(text: string, pattern: RegExp): string | undefined {
  const found = [...text.matchAll(pattern)].at(-1);
  return found === undefined ? undefined : text.slice(found.index + found[0].length).split("\n", 1)[0];
}

function first(rule: string, text: string | null | undefined): Extracted | null {
  const found = numbersIn(text ?? "")[0];
  return found === undefined ? null : { answer: found.text, rule };
}

/** Of a sentence that works something out, what stands after its last equals sign. */
function result(statement: string | undefined): Extracted | null {
  if (statement === undefined) return null;
  const sentence = /^.*?(?:[.!?](?=\s|$)|$)/u.exec(statement)?.[0] ?? statement;
  const worked = sentence.split("=").at(-1) ?? sentence;
  return first("answer-is", worked) ?? first("answer-is", sentence);
}

function last(text: string): Extracted | null {
  const found = numbersIn(text).at(-1);
  return found === undefined ? null : { answer: found.text, rule: "last-number" };
}
