import type { Answer } from "../answer/answer.ts";
import { readAnswerInTurns } from "../answer/read-answer.ts";
import { modelAnswerBytesMax } from "../host/bounded-body.ts";
import {
  identityHeaders,
  isGenerationRequest,
  type Exchange,
  type ExchangeTiming,
  type Hop,
} from "../workload/exchange.ts";
import { BodyStore, KeptBody, piecesMax } from "./kept-body.ts";
import { decodeBody, joined } from "./content-decoding.ts";
import { headerOf } from "../wire/fields.ts";
import { monotonicNs, type ForwardEnd, type ForwardObserver } from "../wire/forward.ts";
import type { RequestHead, ResponseHead } from "../wire/head.ts";

type SeenHead = Pick<ResponseHead, "status" | "fields">;

/** Where the exchange was seen. */
export interface ExchangePlace {
  readonly hop: Hop;
  readonly arm: string;
}

export interface ReadExchange {
  readonly exchange: Exchange;
  /** Id that the server gave its answer, e.g. `chatcmpl-…`. */
  readonly responseId: string | null;
}

/**
 * Collects what one exchange shows while it passes. Nothing is read or parsed here; `finish` does that when the last
 * byte is gone.
 */
export class ExchangeRecord implements ForwardObserver {
  readonly attemptKey: string | null;
  readonly #place: ExchangePlace;
  readonly #identity: Pick<ExchangeTiming, "requestId" | "episodeId" | "attemptKey" | "method" | "path">;
  readonly #startedNs = monotonicNs();
  readonly #request: KeptBody;
  readonly #response: KeptBody;
  readonly #chunks: { readonly atNs: number; readonly bytes: number }[] = [];
  readonly #onEnd: (record: ExchangeRecord) => void;
  #requestEndNs: number | null = null;
  #sentAgain: ExchangeTiming["sentAgain"];
  #head: (SeenHead & { readonly atNs: number }) | null = null;
  #end: (ForwardEnd & { readonly atNs: number }) | null = null;

  /** @param fallbackId request id for a request that brings none */
  constructor(
    request: Pick<RequestHead, "method" | "target" | "fields">,
    options: {
      place: ExchangePlace;
      fallbackId: string;
      onEnd: (record: ExchangeRecord) => void;
      /** Where the bodies of all exchanges of this process lie. */
      store?: BodyStore;
    },
  ) {
    const store = options.store ?? new BodyStore();
    this.#request = new KeptBody(store);
    this.#response = new KeptBody(store);
    const header = (name: string) => headerOf(request.fields, name);
    this.#place = options.place;
    this.#onEnd = options.onEnd;
    this.attemptKey = header(identityHeaders.attempt);
    this.#identity = {
      requestId: header(identityHeaders.request) ?? options.fallbackId,
      episodeId: header(identityHeaders.episode),
      attemptKey: this.attemptKey,
      method: request.method,
      path: request.target,
    };
  }

  requestChunk(chunk: Buffer): void {
    if (this.#end === null) this.#request.add(chunk);
  }

  requestEnd(atNs: number): void {
    this.#requestEndNs ??= atNs;
  }

  sentAgain({ message }: Error, atNs: number): void {
    this.#sentAgain = { atNs, error: message };
  }

  responseHead(head: SeenHead, atNs: number): void {
    this.#head = { ...head, atNs };
  }

  responseChunk(chunk: Buffer, atNs: number): void {
    this.#response.add(chunk);
    if (this.#chunks.length < piecesMax) this.#chunks.push({ atNs, bytes: chunk.length });
  }

  end(end: ForwardEnd, atNs: number): void {
    this.#end = { ...end, atNs };
    this.#onEnd(this);
  }

  /** Reads the bodies and says what happened. Call once, after `end`. */
  async finish(): Promise<ReadExchange> {
    const encoding = this.#head === null ? null : headerOf(this.#head.fields, "content-encoding");
    const contentType = this.#head === null ? null : headerOf(this.#head.fields, "content-type");
    const decoded = await decodeBody(this.#response.chunks, {
      encoding,
      bytesMax: modelAnswerBytesMax,
    });
    const answer = await readAnswerInTurns(decoded.body);
    const chunkOf = (endByte: number | null) =>
      endByte === null ? -1 : decoded.chunkEnds.findIndex((chunkEnd) => chunkEnd >= endByte);
    const [first, last] = [chunkOf(answer.firstTokenEndByte), chunkOf(answer.lastTokenEndByte)];
    // What a server calls its answer may not be what it sends.
    const streamed = first !== -1 || (contentType?.toLowerCase().includes("text/event-stream") ?? false);
    const isWhole = decoded.error === null && this.#isWhole(answer);
    const leftAfterEnd = this.#end?.outcome === "client-aborted" && isWhole;
    // What follows `[DONE]` belongs to the connection: one reader waits for it and another one leaves, and a server may be late with it.
    const lastByteNs = isWhole ? this.#chunks.at(-1)?.atNs : undefined;
    const endedNs = lastByteNs ?? this.#end?.atNs ?? monotonicNs();
    const exchange: Exchange = {
      v: 1,
      hop: this.#place.hop,
      arm: this.#place.arm,
      ...this.#identity,
      status: this.#head?.status ?? null,
      outcome: leftAfterEnd ? "completed" : (this.#end?.outcome ?? "upstream-failed"),
      error:
        (leftAfterEnd ? null : this.#end?.error?.message) ??
        decoded.error ??
        this.#response.shortened ??
        this.#request.shortened,
      streamed,
      requestBytes: this.#request.bytes,
      responseBytes: this.#response.bytes,
      startedNs: this.#startedNs,
      requestEndNs: this.#requestEndNs ?? endedNs,
      ...(this.#sentAgain !== undefined && { sentAgain: this.#sentAgain }),
      firstByteNs: this.#head?.atNs ?? null,
      firstTokenNs: this.#chunks[first]?.atNs ?? null,
      lastTokenNs: this.#chunks[last]?.atNs ?? null,
      ...(first !== -1 && { tokenChunks: last - first + 1 }),
      endedNs,
      chunks: this.#chunks.map(({ atNs, bytes }) => [atNs - this.#startedNs, bytes]),
      usage: answer.usage,
      ...(answer.impossibleUsage !== null && { impossibleUsage: answer.impossibleUsage }),
      finishReason: answer.finish,
      ...(this.#head?.status === 200 && isGenerationRequest(this.#identity)
        ? {
            incomplete: this.#response.shortened === null ? answer.incomplete : "is longer than a tap keeps",
            unreadable: answer.unreadable,
          }
        : {}),
      requestBody: joined(this.#request.chunks).toString("utf8"),
      responseBody: decoded.body.toString("utf8"),
    };
    this.#request.release();
    this.#response.release();
    return { exchange, responseId: answer.responseId };
  }

  /**
   * Whether the server has said all that it had to say. A reader that leaves then has the whole answer, although the last bytes of
   * the connection, which mean nothing to it, were still on their way: uvicorn sends them some milliseconds after `[DONE]`.
   */
  #isWhole({ done, incomplete }: Answer): boolean {
    const kept = this.#response.shortened === null;
    return (
      this.#head?.status === 200 && isGenerationRequest(this.#identity) && kept && done && incomplete === null
    );
  }
}

/** The line of `taps.ndjson`: an exchange without its bodies. */
export function timingOf(exchange: Exchange): ExchangeTiming {
  const { requestBody: _request, responseBody: _response, ...timing } = exchange;
  return timing;
}
