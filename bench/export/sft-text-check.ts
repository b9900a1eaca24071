import { outputParser } from "../gateway/parsing/parsers.ts";
import { printedObject } from "../gateway/rendering/printed-json.ts";
import type { Message } from "../gateway/rendering/normalise-messages.ts";
import type { LeftOut } from "./left-out.ts";
import type { SftCall, SftMessage } from "./sft-messages.ts";

/** A rendered line, and one of its answers. */
export interface RenderedAnswer {
  /** The whole line. */
  readonly text: string;
  /** The prompt that the same template makes of everything before the answer. */
  readonly prompt: string;
  readonly endOfTurn: string | null;
  readonly tools: readonly Message[];
  /** Index of the answer in the line's messages. */
  readonly index: number;
  readonly message: SftMessage;
}

/**
 * Whether an answer's turn in a rendered line, read as an engine reads what its model wrote, is the answer that the engine
 * gave: for calls of which no token ids were recorded. White space at the ends of texts is not compared, because engines
 * cut it off. null when it is.
 */
export function textDifference(answer: RenderedAnswer): LeftOut | null {
  const { text, prompt, endOfTurn, index, message } = answer;
  if (!text.startsWith(prompt))
    return {
      reason: "not verified: the prompt of an answer is rendered in another way in the whole conversation",
      difference: { message: index, token: null, ...snippets(prompt, text) },
    };
  const end = endOfTurn === null ? -1 : text.indexOf(endOfTurn, prompt.length);
  const turn = end === -1 ? text.slice(prompt.length) : text.slice(prompt.length, end);
  if (readsAs(turn, answer)) return null;
  return {
    reason: "not verified: what the model wrote is rendered in another way",
    difference: {
      message: index,
      token: null,
      expected: said(message).slice(0, 300),
      actual: turn.slice(0, 300),
    },
  };
}

/** How an engine may read its model's calls and reasoning: what is no reasoning to it is content. */
const readings = (["qwen25", "qwen3_coder"] as const).flatMap((toolCalls) =>
  (["qwen3", "none"] as const).map((reasoning) => ({ toolCalls, reasoning })),
);

function readsAs(turn: string, answer: RenderedAnswer): boolean {
  return readings.some((choice) => isReadAs(turn, answer, choice)) || holdsVerbatim(turn, answer.message);
}

function isReadAs(
  turn: string,
  { prompt, tools, message }: RenderedAnswer,
  choice: (typeof readings)[number],
): boolean {
  const reasoningOpened = prompt.trimEnd().endsWith("<think>");
  const parser = outputParser(choice, { tools, reasoningOpened, engine: null });
  const pieces = [...parser.feed(turn), ...parser.end()];
  const texts = (kind: "content" | "reasoning") =>
    pieces.flatMap((piece) => (piece.kind === kind ? [piece.text] : [])).join("");
  const names = pieces.flatMap((piece) => (piece.kind === "call" ? [piece.name] : []));
  const argumentsOf = (call: number) =>
    pieces
      .flatMap((piece) => (piece.kind === "arguments" && piece.index === call ? [piece.text] : []))
      .join("");
  const sameCall = ({ name, text }: SftCall, call: number) =>
    names[call] === name &&
    // In tags the model writes no JSON: its servers make it, and not all with the same white space.
    (choice.toolCalls === "qwen25"
      ? argumentsOf(call) === text
      : printedObject(argumentsOf(call)) === printedObject(text));
  return (
    texts("content").trim() === message.content.trim() &&
    texts("reasoning").trim() === message.reasoning.trim() &&
    names.length === message.calls.length &&
    message.calls.every(sameCall)
  );
}

/** For templates that write calls in forms of their own: every part stands there as the engine gave it, in their order. */
function holdsVerbatim(turn: string, { content, reasoning, calls }: SftMessage): boolean {
  const parts = [reasoning.trim(), content.trim(), ...calls.flatMap(({ name, text }) => [name, text])];
  let at = 0;
  return (
    calls.length > 0 &&
    parts.every((part) => {
      const found = turn.indexOf(part, at);
      at = found + part.length;
      return found !== -1;
    })
  );
}

function said({ reasoning, content, calls }: SftMessage): string {
  return [reasoning, content, ...calls.map(({ name, text }) => `${name} ${text}`)]
    .filter((part) => part !== "")
    .join("\n");
}

function snippets(expected: string, actual: string) {
  let at = 0;
  while (at < expected.length && expected[at] === actual[at]) at += 1;
  const around = (text: string) => text.slice(Math.max(0, at - 40), at + 120);
  return { expected: around(expected), actual: around(actual) };
}
