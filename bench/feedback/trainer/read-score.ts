import { isJson } from "../../answer/json.ts";
import { readPythonJson } from "../files/python-json.ts";
import type { AnswerLikelihood } from "./trainer.ts";

/** Parts of the sum that rounding explains. */
const rounding = 1e-3;

/** What an answer of /v1/score says; null where it has no log-probabilities; or why it cannot be used. */
export function readScore(
  text: string,
  completion: string,
): AnswerLikelihood | null | { readonly why: string } {
  const read = readPythonJson(text);
  if ("why" in read || !isJson(read.value)) return { why: "what it sent is no JSON object" };
  const { logprobs, logprob_sum: told, completion_tokens: count } = read.value;
  const values: readonly unknown[] | null = Array.isArray(logprobs) ? logprobs : null;
  if (values === null && typeof told !== "number") return null;
  const numbers = values?.filter((value) => typeof value === "number") ?? [];
  if (values !== null && numbers.length < values.length) return null;
  // Nothing was scored, and the sum of nothing is not the likelihood of a text.
  const tokens = values?.length ?? (typeof count === "number" ? count : null);
  if (tokens === 0 && completion !== "") return null;
  const impossible = numbers.find((value) => value > rounding);
  if (impossible !== undefined)
    return { why: `it gives a token the log-probability ${impossible}, which is above 0` };
  const sum = numbers.reduce((all, value) => all + value, 0);
  if (
    typeof told === "number" &&
    values !== null &&
    Math.abs(told - sum) > rounding * Math.max(1, Math.abs(sum))
  )
    return { why: `its logprob_sum ${told} is not the sum of its logprobs, ${sum}` };
  if (typeof told === "number" && told > rounding) return { why: `its logprob_sum ${told} is above 0` };
  return { logprob: typeof told === "number" ? told : sum, tokens: tokens ?? 0 };
}
