import { whyUnusable } from "../../answer/complete.ts";
import { isJson } from "../../answer/json.ts";
import { AnswerReader } from "../../answer/read-answer.ts";
import { readPythonJson } from "../files/python-json.ts";
import type { CompletionToken, TrainedAnswer } from "./trainer.ts";

/** Nats above 0 that rounding explains. */
const roundingNats = 1e-4;

/** An answer in one piece or as a stream of events, or why it cannot be used. */
export function readCompletion(
  text: string,
): (TrainedAnswer & { readonly model: string | null }) | { readonly why: string } {
  const parts = partsOf(text);
  if (parts.length === 0) return { why: "what it sent is no answer of a model" };
  const reader = new AnswerReader();
  // Python writes numbers that JSON does not have.
  const [whole] = parts;
  reader.push(Buffer.from(isStream(text) ? text : JSON.stringify(whole)));
  const answer = reader.end();
  const isOnlyUnfinished = answer.done && answer.finish === null && answer.error === null;
  const why = whyUnusable(isOnlyUnfinished ? { ...answer, incomplete: null } : answer);
  if (why !== null) return { why: `the answer ${why}` };
  if (!answer.begun || (answer.text === "" && !parts.some(hasText)))
    return { why: "the answer has no text, not even an empty one" };
  const tokens = tokensOf(parts);
  if (tokens !== null && "why" in tokens) return tokens;
  return { text: answer.text, finishReason: answer.finish, tokens, model: answer.model };
}

const isStream = (text: string) => !/^\s*[{[]/u.test(text);

/** The JSON values of an answer: one, or those of its events. */
function partsOf(text: string): readonly unknown[] {
  const texts = isStream(text)
    ? text.split(/\r\n|\n|\r/u).flatMap((line) => (line.startsWith("data:") ? [line.slice(5).trim()] : []))
    : [text];
  return texts.flatMap((one) => {
    const read = readPythonJson(one);
    return "why" in read ? [] : [read.value];
  });
}

function choiceOf(part: unknown): Readonly<Record<string, unknown>> | null {
  if (!isJson(part) || !Array.isArray(part["choices"])) return null;
  const choices: readonly unknown[] = part["choices"];
  const choice = choices.find((one) => isJson(one) && (one["index"] ?? 0) === 0);
  return isJson(choice) ? choice : null;
}

function hasText(part: unknown): boolean {
  const choice = choiceOf(part);
  const said = choice?.["message"] ?? choice?.["delta"];
  return typeof choice?.["text"] === "string" || (isJson(said) && typeof said["content"] === "string");
}

/** All tokens or none: means over those that have numbers would be means of something else. */
function tokensOf(parts: readonly unknown[]): readonly CompletionToken[] | null | { readonly why: string } {
  const entries = parts.flatMap((part) => {
    const logprobs = choiceOf(part)?.["logprobs"];
    return isJson(logprobs) ? entriesOf(logprobs) : [];
  });
  if (entries.length === 0) return null;
  const tokens = entries.flatMap(tokenOf);
  if (tokens.length < entries.length) return null;
  const impossible = tokens
    .flatMap(({ logprob, top }) => [logprob, ...top])
    .find((one) => one > roundingNats);
  if (impossible !== undefined)
    return { why: `it gives a token the log-probability ${impossible}, which is above 0` };
  return tokens;
}

/** The form of chat, or the older one of completions. */
function entriesOf(logprobs: Readonly<Record<string, unknown>>): readonly unknown[] {
  const { content, tokens, token_logprobs: values, top_logprobs: top } = logprobs;
  if (Array.isArray(content)) return content;
  if (!Array.isArray(values)) return [];
  return values.map((logprob: unknown, at): unknown => ({
    token: Array.isArray(tokens) ? tokens[at] : "",
    logprob,
    top_logprobs:
      Array.isArray(top) && isJson(top[at]) ? Object.values(top[at]).map((one) => ({ logprob: one })) : [],
  }));
}

function tokenOf(entry: unknown): readonly CompletionToken[] {
  if (!isJson(entry)) return [];
  const { token, logprob, top_logprobs: top } = entry;
  if (typeof logprob !== "number" || !Number.isFinite(logprob)) return [];
  const alternatives: readonly unknown[] = Array.isArray(top) ? top : [];
  const likeliest = alternatives.flatMap((one) => {
    const value = isJson(one) ? one["logprob"] : null;
    return typeof value === "number" && Number.isFinite(value) ? [value] : [];
  });
  return [{ text: typeof token === "string" ? token : "", logprob, top: likeliest }];
}
