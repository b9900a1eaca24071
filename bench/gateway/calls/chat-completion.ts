import type { Answer } from "../../answer/answer.ts";
import { whyUnusable } from "../../answer/complete.ts";
import { EngineError } from "../engine/engine-request.ts";
import type { EngineTokenReader } from "../engine/engine-tokens.ts";
import type { RequestFields } from "../learning/token-fields.ts";
import type { OutputPiece } from "../parsing/output-piece.ts";
import { chainOf, extendChain } from "../rendering/message-chain.ts";
import { normaliseMessages } from "../rendering/normalise-messages.ts";
import { shapedTools } from "../rendering/tool-forms.ts";
import type { CallTokens } from "../sessions/call-tree.ts";
import { ChatAnswer, type AnswerEnd } from "./chat-answer.ts";
import { finishCall, type TokenCall } from "./token-call.ts";

/** What the engine's chat API answered, read. */
export interface ReadCompletion {
  readonly said: Answer;
  readonly model: string | null;
  readonly matchedStop: number | string | null;
  readonly tokens: EngineTokenReader;
}

/** The request as it came, with fields behind all others: of a key that occurs twice the last one counts. */
export function withFields(text: string, fields: RequestFields): string {
  return `${text.slice(0, text.lastIndexOf("}"))},${JSON.stringify(fields).slice(1)}`;
}

interface Finish {
  /** Fields of the engine's own message that are no text, reasoning or call. */
  readonly message: Readonly<Record<string, unknown>>;
  /** Further fields of the choice, for the client. */
  readonly extras: Readonly<Record<string, unknown>>;
  /** Ends an answer of which the client has had all but the end; null: it has had nothing yet. */
  readonly end: (() => void) | null;
}

/** Keeps a call of the chat API, and lets the client see the end of it. @throws {EngineError} for an answer that is not whole */
export function finishChat(call: TokenCall, completion: ReadCompletion, finish: Finish): void {
  const { said, model, matchedStop } = completion;
  const { body } = call.chat;
  const unusable = whyUnusable(said);
  if (said.finish === null || unusable !== null)
    throw new EngineError(502, `The engine's answer ${unusable ?? "has no end"}`);
  const tokens = tokensOf(call, completion, finish.message);
  const end: AnswerEnd = {
    finishReason: said.finish,
    matchedStop,
    usage: said.usage ?? countsOf(tokens),
  };
  const id = said.responseId ?? call.interactionId;
  const callIds = said.calls.map((made) => made.id || call.newCallId());
  const isRelayed = finish.end !== null;
  const answer = new ChatAnswer(
    { response: call.response, onChunk: (bytes) => call.clock.chunk(bytes) },
    { id, created: call.created, model: model ?? body.model ?? "" },
    {
      streamed: body.stream === true && !isRelayed,
      includeUsage: body.stream_options?.include_usage === true,
      newCallId: () => callIds.shift() ?? call.newCallId(),
      extras: finish.extras,
    },
  );
  answer.add(piecesOf(said));
  const ended = {
    completion: (at: AnswerEnd) => answer.completion(at),
    end: (at: AnswerEnd) => (finish.end === null ? answer.end(at) : finish.end()),
  };
  finishCall({ ...call, interactionId: id }, ended, { end, tokens });
}

/** An engine that sends no usage may still send the ids. */
function countsOf(tokens: CallTokens | null): AnswerEnd["usage"] {
  return (
    tokens && {
      promptTokens: tokens.promptIds.length,
      completionTokens: tokens.outputIds.length,
      cachedTokens: null,
    }
  );
}

function piecesOf({ reasoning, text, calls }: Answer): readonly OutputPiece[] {
  return [
    ...(reasoning ? [{ kind: "reasoning", text: reasoning } as const] : []),
    ...(text ? [{ kind: "content", text } as const] : []),
    ...calls.flatMap(({ name, argumentsText }, index) => [
      { kind: "call", index, name } as const,
      { kind: "arguments", index, text: argumentsText || "{}" } as const,
    ]),
  ];
}

/** The ids that the engine itself gave; null, and nothing made up, where it gave not all of them. */
function tokensOf(
  call: TokenCall,
  { said, tokens }: ReadCompletion,
  message: Finish["message"],
): CallTokens | null {
  const given = tokens.tokens();
  const counted = said.usage?.completionTokens;
  if (given === null || (counted !== undefined && counted !== given.outputIds.length)) {
    call.note("no-token-ids");
    return null;
  }
  const normalised = normaliseMessages(call.chat.messages, "string");
  if (normalised.invalidArguments > 0) call.note("invalid-tool-arguments");
  const chain = chainOf(
    // Compared with other calls of this session only, so any one form does.
    shapedTools(call.chat.tools, "as-sent"),
    normalised.messages,
    call.chat.body.chat_template_kwargs ?? {},
  );
  const answer = { ...spoken(said), ...message, role: "assistant" };
  const [echo = answer] = normaliseMessages([answer], "string").messages;
  return {
    ...given,
    conversation: { chain, after: extendChain(chain, echo), reasoning: said.reasoning || null },
  };
}

function spoken({ text, calls }: Answer): Readonly<Record<string, unknown>> {
  return {
    content: text,
    tool_calls: calls.map(({ id, name, argumentsText }) => ({
      id,
      type: "function",
      function: { name, arguments: argumentsText || "{}" },
    })),
  };
}
