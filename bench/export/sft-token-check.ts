import type { ModelTokenizer } from "../gateway/rendering/model-tokenizer.ts";
import type { TokenSequence } from "../tokens/token-sequences.ts";
import type { LeftOut } from "./left-out.ts";

/** What an engine had and gave out for one answer. */
export interface AnswerTokens {
  /** Index of the answer in the line's messages. */
  readonly message: number;
  /** Prompt and output. */
  readonly ids: Int32Array;
  readonly outputStart: number;
}

export function answerTokens(message: number, { ids, turns, call }: TokenSequence): AnswerTokens {
  const start = turns.indexOf(call);
  return { message, ids, outputStart: start === -1 ? ids.length : start };
}

export interface RenderedLine {
  readonly text: string;
  readonly ids: Int32Array;
}

interface AnswerInLine {
  readonly answer: AnswerTokens;
  /** All of the line, in their order. */
  readonly answers: readonly AnswerTokens[];
}

interface TokenModel {
  readonly tokenizer: ModelTokenizer;
  readonly endOfTurn: string | null;
}

/**
 * Whether a rendered line begins with an answer's prompt and output, id for id, and, where it is the line's last answer,
 * says nothing more behind it than a template puts behind the end of a turn. null when it does.
 */
export function tokenDifference(
  line: RenderedLine,
  { answer, answers }: AnswerInLine,
  model: TokenModel,
): LeftOut | null {
  const { ids, message } = answer;
  const at = firstDifference(ids, line.ids);
  if (at < ids.length) {
    const begins = (part: Int32Array) => line.text.startsWith(model.tokenizer.decode(part));
    const reason = begins(ids)
      ? "not verified: same text, other tokens: the model spelled it in another way than the tokenizer does"
      : `not verified: ${placeOf(at, { answer, answers }, begins)} is rendered in another way`;
    return { reason, difference: { message, token: at, ...snippets(at, { ids, line }, model.tokenizer) } };
  }
  if (answer !== answers.at(-1)) return null;
  const rest = model.tokenizer.decode(line.ids.subarray(ids.length)).trim();
  const ended = model.tokenizer.addedText(ids.at(-1) ?? -1) === model.endOfTurn;
  // An engine may keep the token that ends a turn to itself.
  if (rest === "" || (!ended && rest === model.endOfTurn)) return null;
  return {
    reason: "not verified: the template says more behind the last answer than the model did",
    difference: { message, token: ids.length, expected: "", actual: rest.slice(0, 200) },
  };
}

function firstDifference(ids: Int32Array, others: Int32Array): number {
  const at = ids.findIndex((id, index) => id !== others[index]);
  return at === -1 ? ids.length : at;
}

/**
 * @param begins whether the line begins with the text of these ids: the first token of another answer may take in the last
 *   character of its prompt
 */
function placeOf(
  at: number,
  { answer, answers }: AnswerInLine,
  begins: (ids: Int32Array) => boolean,
): string {
  const isIn = ({ ids, outputStart }: AnswerTokens) =>
    at < ids.length && (at >= outputStart || begins(ids.subarray(0, outputStart)));
  if (isIn(answer)) return "what the model wrote";
  const before = answers.filter(({ message }) => message < answer.message);
  if (before.some(isIn)) return "an earlier answer in the prompt";
  const first = before[0]?.outputStart ?? answer.outputStart;
  return at < first ? "the beginning of the prompt (system message, tools, first messages)" : "the prompt";
}

const [tokensBefore, tokensBehind] = [6, 14];

function snippets(
  at: number,
  { ids, line }: { readonly ids: Int32Array; readonly line: RenderedLine },
  tokenizer: ModelTokenizer,
) {
  const around = (all: Int32Array) =>
    tokenizer.decode(all.subarray(Math.max(0, at - tokensBefore), at + tokensBehind));
  return { expected: around(ids), actual: around(line.ids) };
}
