import type { ServerResponse } from "node:http";
import { StringDecoder } from "node:string_decoder";
import type { EngineCore, Ticket } from "../engine/engine.ts";
import type { OutputPlan } from "../engine/output-plan.ts";
import type { FinishReason } from "../scheduling/sequence.ts";
import type { SimulatedChatRequest } from "./chat-request.ts";
import {
  chatChunk,
  type ChatEnvelope,
  type ChatDelta,
  finishReasonOf,
  logprobsContent,
  matchedStopOf,
  usageChunk,
  usageOf,
} from "./chat-shapes.ts";
import { flushWritten } from "./http.ts";

/** Argument texts leave the tool parser in pieces of at least this many characters. */
const argumentPiece = 16;

export interface ChatStreamParts {
  readonly engine: EngineCore;
  readonly request: SimulatedChatRequest;
  readonly envelope: ChatEnvelope;
  readonly plan: OutputPlan;
  readonly response: ServerResponse;
  readonly toolCallId: string;
}

/**
 * Writes a chat answer as server-sent events while its tokens appear: a role chunk, text, the tool call in pieces, a finish
 * chunk, usage, `[DONE]`. The head goes out with the first token, so that errors before it can still be a status.
 */
export class ChatStream {
  readonly #parts: ChatStreamParts;
  readonly #decoder = new StringDecoder("utf8");
  #visible = 0;
  #sentContent = 0;
  #sentArguments = 0;
  #sentCall = false;
  #sentLogprobs = 0;
  #started = false;

  constructor(parts: ChatStreamParts) {
    this.#parts = parts;
  }

  token(count: number, ticket: Ticket): void {
    this.#start();
    const { engine, plan } = this.#parts;
    const id = plan.ids[count - 1] ?? 0;
    if (!engine.tokenizer.isSpecial(id))
      this.#visible += this.#decoder.write(Buffer.from(engine.tokenizer.bytesOf(id))).length;
    this.#flush(count, ticket, false);
  }

  finish(finish: FinishReason, ticket: Ticket): void {
    this.#start();
    const { engine, request, envelope, plan, response } = this.#parts;
    const produced = ticket.scheduled.produced;
    if (finish.type !== "abort") {
      this.#visible += this.#decoder.end().length;
      this.#flush(produced, ticket, true);
    }
    this.#write(
      chatChunk(
        envelope,
        {},
        {
          finishReason: finishReasonOf(finish, plan),
          matchedStop: matchedStopOf(finish),
          usage: this.#continuousUsage(produced, ticket),
        },
      ),
    );
    if (request.stream_options?.include_usage === true && !engine.faults.dropUsage)
      this.#write(usageChunk(envelope, usageOf(engine, ticket, produced)));
    response.end("data: [DONE]\n\n");
  }

  #start(): void {
    if (this.#started) return;
    this.#started = true;
    const { response, envelope } = this.#parts;
    response.writeHead(200, { "content-type": "text/event-stream; charset=utf-8" });
    this.#write(chatChunk(envelope, { role: "assistant", content: "" }));
  }

  /** Sends what has become visible since the last time. */
  #flush(count: number, ticket: Ticket, last: boolean): void {
    const { plan } = this.#parts;
    const { contentEnd, call } = plan.reply;
    // A stop string is never shown, and text that may turn out to be one is not known to the parser here.
    const visible = Math.min(this.#visible, plan.text.length);
    const contentTo = call === null ? visible : Math.min(visible, contentEnd);
    if (contentTo > this.#sentContent) {
      this.#delta({ content: plan.text.slice(this.#sentContent, contentTo) }, count, ticket);
      this.#sentContent = contentTo;
    }
    if (call === null || visible < call.argumentsStart) return;
    if (!this.#sentCall) {
      this.#sentCall = true;
      const { toolCallId: id } = this.#parts;
      const head = { id, index: 0, type: "function", function: { name: call.name, arguments: "" } } as const;
      this.#delta({ tool_calls: [head] }, count, ticket);
    }
    const argumentsTo = Math.min(visible, call.argumentsEnd) - call.argumentsStart;
    const waiting = argumentsTo - this.#sentArguments;
    const ended = last || visible >= call.argumentsEnd;
    if (waiting <= 0 || (waiting < argumentPiece && !ended)) return;
    const piece = call.argumentsText.slice(this.#sentArguments, argumentsTo);
    this.#sentArguments = argumentsTo;
    const tail = {
      id: null,
      index: 0,
      type: "function",
      function: { name: null, arguments: piece },
    } as const;
    this.#delta({ tool_calls: [tail] }, count, ticket);
  }

  #delta(delta: ChatDelta, count: number, ticket: Ticket): void {
    const { engine, request, plan } = this.#parts;
    const range = [this.#sentLogprobs, count] as const;
    this.#sentLogprobs = count;
    const logprobs =
      request.logprobs === true
        ? logprobsContent({ engine, ticket, plan }, range, request.top_logprobs ?? 0)
        : null;
    const usage = this.#continuousUsage(count, ticket);
    this.#write(chatChunk(this.#parts.envelope, delta, { logprobs, usage }), ticket);
  }

  #continuousUsage(count: number, ticket: Ticket) {
    const { engine, request } = this.#parts;
    if (request.stream_options?.continuous_usage_stats !== true || engine.faults.dropUsage) return null;
    return usageOf(engine, ticket, count);
  }

  #write(chunk: unknown, content?: Ticket): void {
    const event = `data: ${JSON.stringify(chunk)}\n\n`;
    content?.sent();
    this.#parts.response.write(event);
    if (content !== undefined) flushWritten(this.#parts.response);
  }
}
