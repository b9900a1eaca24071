import type { ServerResponse } from "node:http";
import { StringDecoder } from "node:string_decoder";
import type { EngineCore, Ticket } from "../engine/engine.ts";
import type { OutputPlan } from "../engine/output-plan.ts";
import type { FinishReason } from "../scheduling/sequence.ts";
import { type ParserPiece, ToolParserStream } from "./tool-parser-stream.ts";
import { newToolCallId, type ParsedReply } from "./chat-message.ts";
import type { SimulatedChatRequest } from "./chat-request.ts";
import {
  chatChunk,
  type ChatDelta,
  type ChatEnvelope,
  type ChunkExtras,
  type ChunkStyle,
  continuousUsage,
  logprobsContent,
  matchedStopOf,
  type Usage,
  usageChunk,
  usageOf,
} from "./chat-shapes.ts";
import { endStream, flushWritten } from "./http.ts";

export interface ChatStreamParts {
  readonly engine: EngineCore;
  readonly request: SimulatedChatRequest;
  readonly envelope: ChatEnvelope;
  readonly plan: OutputPlan;
  readonly parsed: ParsedReply;
  readonly response: ServerResponse;
}

/**
 * Writes a chat answer as server-sent events while its tokens appear: a role chunk, text, the tool call in pieces, a finish
 * chunk, what was cached, usage, `[DONE]`. The head goes out with the first token, so that errors before it can still be a
 * status.
 */
export class ChatStream {
  readonly #parts: ChatStreamParts;
  /** Forms of a chunk that the tool parser lets out, and of every other. */
  readonly #styles: { readonly parsed: ChunkStyle; readonly plain: ChunkStyle };
  readonly #decoder = new StringDecoder("utf8");
  readonly #calls: ToolParserStream | null;
  #visible = 0;
  #sentContent = 0;
  #hasCalled = false;
  #sentLogprobs = 0;
  #started = false;

  constructor(parts: ChatStreamParts) {
    this.#parts = parts;
    const { parsed, plan, engine } = parts;
    const { writesNulls } = engine.sglang;
    this.#styles = writesNulls ? { parsed: "all", plain: "all" } : { parsed: "parsed", plain: "lean" };
    this.#calls = parsed.isActive ? new ToolParserStream(plan.reply, !writesNulls) : null;
  }

  token(count: number, ticket: Ticket): void {
    this.#start();
    const { engine, plan } = this.#parts;
    const id = plan.ids[count - 1] ?? 0;
    if (!engine.tokenizer.isSpecial(id))
      this.#visible += this.#decoder.write(Buffer.from(engine.tokenizer.bytesOf(id))).length;
    this.#flush(count, ticket);
  }

  finish(finish: FinishReason, ticket: Ticket): void {
    this.#start();
    const { plan, response } = this.#parts;
    const produced = ticket.scheduled.produced;
    if (finish.type !== "abort") {
      this.#visible += this.#decoder.end().length;
      this.#flush(produced, ticket);
      const rest = this.#calls?.end() ?? null;
      if (rest !== null) this.#parsed(rest, produced, ticket);
    }
    const isCall = finish.type === "stop" && plan.complete && this.#hasCalled;
    const finishReason = isCall ? "tool_calls" : finish.type;
    this.#plain({}, { finishReason, matchedStop: matchedStopOf(finish) });
    this.#writeEnd(ticket, produced);
    endStream(response);
  }

  #writeEnd(ticket: Ticket, produced: number): void {
    const { engine, request, envelope } = this.#parts;
    const { cachedTokens } = ticket.scheduled;
    const details = request.return_cached_tokens_details === true && cachedTokens > 0;
    if (details && engine.sglang.returnsTokenIds) {
      const { id, created, model } = envelope;
      const sglext = { cached_tokens_details: { device: cachedTokens, host: 0 } };
      this.#write({ id, object: "chat.completion.chunk", created, model, choices: [], usage: null, sglext });
    }
    if (request.stream_options?.include_usage === true && !engine.faults.dropUsage)
      this.#write(usageChunk(envelope, usageOf(engine, ticket, produced)));
  }

  #start(): void {
    if (this.#started) return;
    this.#started = true;
    this.#parts.response.writeHead(200, { "content-type": "text/event-stream; charset=utf-8" });
    this.#plain({ role: "assistant", content: "" });
  }

  /** Sends what has become visible since the last time. */
  #flush(count: number, ticket: Ticket): void {
    const { plan } = this.#parts;
    // A stop string is never shown, and text that may turn out to be one is not known to the parser here.
    const visible = Math.min(this.#visible, plan.text.length);
    if (this.#calls !== null) {
      const delta = this.#calls.push(visible);
      if (delta !== null) this.#parsed(delta, count, ticket);
      return;
    }
    if (visible <= this.#sentContent) return;
    const content = plan.text.slice(this.#sentContent, visible);
    this.#sentContent = visible;
    const usage = this.#continuousUsage(count, ticket);
    this.#plain({ content }, { logprobs: this.#logprobs(count, ticket), usage }, ticket);
  }

  /** Sends what the tool parser lets out; the original has no logprobs there. */
  #parsed(delta: ParserPiece, count: number, ticket: Ticket): void {
    const usage = this.#continuousUsage(count, ticket);
    if (delta.kind === "content") {
      this.#fromParser({ content: delta.text }, usage, ticket);
      return;
    }
    // The parser drops calls of tools that the request does not have.
    const parsed = this.#parts.parsed.calls.get(delta.call);
    if (parsed === undefined) return;
    this.#hasCalled = true;
    const isHead = delta.kind === "name";
    const call = {
      id: isHead ? newToolCallId() : null,
      index: parsed.index,
      type: "function",
      function: isHead ? { name: delta.name, arguments: "" } : { name: null, arguments: delta.text },
    } as const;
    this.#fromParser({ tool_calls: [call] }, usage, ticket);
  }

  #logprobs(count: number, ticket: Ticket): unknown {
    const { engine, request, plan } = this.#parts;
    const range = [this.#sentLogprobs, count] as const;
    this.#sentLogprobs = count;
    if (request.logprobs !== true) return null;
    return logprobsContent({ engine, ticket, plan }, range, request.top_logprobs ?? 0);
  }

  #continuousUsage(count: number, ticket: Ticket) {
    const { engine, request } = this.#parts;
    if (request.stream_options?.continuous_usage_stats !== true || engine.faults.dropUsage) return null;
    return continuousUsage(engine, ticket, count);
  }

  #plain(delta: ChatDelta, extras: ChunkExtras = {}, content?: Ticket): void {
    const { plain: style } = this.#styles;
    this.#write(chatChunk(this.#parts.envelope, { delta, style }, extras), content);
  }

  #fromParser(delta: ChatDelta, usage: Usage | null, content: Ticket): void {
    const { parsed: style } = this.#styles;
    this.#write(chatChunk(this.#parts.envelope, { delta, style }, { usage }), content);
  }

  #write(chunk: unknown, content?: Ticket): void {
    const event = `data: ${JSON.stringify(chunk)}\n\n`;
    content?.sent();
    this.#parts.response.write(event);
    if (content !== undefined) flushWritten(this.#parts.response);
  }
}
