import type { IncomingMessage, ServerResponse } from "node:http";
import { monotonicNs } from "../../wire/forward.ts";
import { headerOf } from "../../wire/fields.ts";
import { identityHeaders, type Exchange } from "../../workload/exchange.ts";
import type { AnswerEnd, ChatAnswer } from "./chat-answer.ts";
import type { CallTokens } from "../sessions/call-tree.ts";
import type { GatewayChatRequest } from "./chat-body.ts";
import type { EngineConnection } from "../engine/engine-request.ts";
import type { EarlierCalls } from "../rendering/conversation-prompt.ts";
import type { EndedCall } from "../sessions/session.ts";

/** A chat call whose tokens are recorded (levels L1 and L2). */
export interface TokenCall {
  readonly request: IncomingMessage;
  readonly response: ServerResponse;
  readonly chat: GatewayChatRequest;
  readonly engine: EngineConnection;
  readonly clock: CallClock;
  /** Id of the answer. */
  readonly interactionId: string;
  /** Unix seconds. */
  readonly created: number;
  readonly newCallId: () => string;
  readonly earlier: EarlierCalls;
  readonly signal: AbortSignal;
  /** Keeps the call, before the client sees the end of it. */
  readonly keep: (ended: EndedCall) => void;
  /** Told of what is unusual and no failure. */
  readonly note: (what: CallNote) => void;
}

/** `no-token-ids`: the engine gave none, so that only text is recorded. */
export type CallNote = "no-token-ids" | "invalid-tool-arguments" | "prefix-break";

/** When the parts of a call happened, for its `Exchange`. All in monotonic nanoseconds. */
export class CallClock {
  readonly #request: IncomingMessage;
  readonly #fallbackId: string;
  readonly #startedNs = monotonicNs();
  readonly #chunks: (readonly [number, number])[] = [];
  #requestEndNs: number | null = null;
  #firstByteNs: number | null = null;
  #tokensNs: readonly [number, number] | null = null;

  constructor(request: IncomingMessage, fallbackId: string) {
    this.#request = request;
    this.#fallbackId = fallbackId;
  }

  requestRead(): void {
    this.#requestEndNs = monotonicNs();
  }

  engineAnswered(): void {
    this.#firstByteNs ??= monotonicNs();
  }

  /** A chunk has gone to the client. */
  chunk(bytes: number): void {
    this.#chunks.push([monotonicNs() - this.#startedNs, bytes]);
  }

  /** The client has been given something that the model wrote. */
  tokens(): void {
    const nowNs = monotonicNs();
    this.#tokensNs = [this.#tokensNs?.[0] ?? nowNs, nowNs];
  }

  /** The finished call. `responseBody` is the answer as one JSON object, also where it was streamed. */
  exchange(
    call: { readonly requestBody: string; readonly responseBody: string; readonly streamed: boolean },
    end: AnswerEnd,
  ): Exchange {
    const header = (name: string) => headerOf(this.#request.rawHeaders, name);
    const endedNs = monotonicNs();
    return {
      v: 1,
      hop: "outer",
      arm: "gateway",
      requestId: header(identityHeaders.request) ?? this.#fallbackId,
      episodeId: header(identityHeaders.episode),
      attemptKey: header(identityHeaders.attempt),
      method: this.#request.method ?? "POST",
      path: this.#request.url ?? "/",
      status: 200,
      outcome: "completed",
      error: null,
      streamed: call.streamed,
      requestBytes: Buffer.byteLength(call.requestBody),
      responseBytes: this.#chunks.reduce((sum, [, bytes]) => sum + bytes, 0),
      startedNs: this.#startedNs,
      requestEndNs: this.#requestEndNs ?? endedNs,
      firstByteNs: this.#firstByteNs,
      firstTokenNs: this.#tokensNs?.[0] ?? null,
      lastTokenNs: this.#tokensNs?.[1] ?? null,
      endedNs,
      chunks: this.#chunks,
      usage: end.usage,
      finishReason: end.finishReason,
      requestBody: call.requestBody,
      responseBody: call.responseBody,
    };
  }
}

/** Keeps a call, and only then lets the client see that it is over. */
export function finishCall(
  call: TokenCall,
  answer: Pick<ChatAnswer, "completion" | "end">,
  finished: { readonly end: AnswerEnd; readonly tokens: CallTokens | null },
): void {
  const { end, tokens } = finished;
  const { text: requestBody, body } = call.chat;
  const responseBody = JSON.stringify(answer.completion(end));
  const exchange = call.clock.exchange({ requestBody, responseBody, streamed: body.stream === true }, end);
  call.keep({ exchange, interactionId: call.interactionId, tokens });
  answer.end(end);
}
