import { BodyTooLongError, modelAnswerBytesMax } from "../host/bounded-body.ts";
import type { ClientConnection, ResponseSink } from "./client.ts";
import { endToEndHeaders, headerLines } from "./fields.ts";
import type { RequestHead, ResponseHead } from "./head.ts";
import type { Manners } from "./manners.ts";
import { ConnectionPool, placeOf } from "./pool.ts";
import { wasReset } from "./reset.ts";
import type { RequestSink, ResponseWriter } from "./server.ts";

/** Where requests are passed on to. */
export interface ForwardTarget {
  readonly pool: ConnectionPool;
  /** Before every target, e.g. "" or `/engine`. */
  readonly prefix: string;
  /** Header lines of this hop's own. */
  readonly ownLines: string;
  /** Lower-case names of headers that a client's stay behind for. */
  readonly replaced: ReadonlySet<string>;
  /** Body of the 502 for an upstream that cannot be reached, as JSON text. */
  readonly unreachable: (error: Error) => string;
}

/**
 * @param url where to pass requests on to; its path comes before every target
 * @param options.headers given with every request, in place of a client's of the same name
 */
export function forwardTarget(
  url: URL,
  { manners, headers = {}, unreachable }: TargetOptions,
): ForwardTarget {
  const names = Object.keys(headers).map((name) => name.toLowerCase());
  return {
    pool: new ConnectionPool(placeOf(url), manners),
    prefix: url.pathname.replace(/\/+$/, ""),
    ownLines: headerLines(["host", url.host, ...Object.entries(headers).flat()]),
    replaced: new Set([...ownedByHop, ...names]),
    unreachable,
  };
}

interface TargetOptions {
  readonly manners: Manners;
  readonly headers?: Readonly<Record<string, string>> | undefined;
  readonly unreachable: ForwardTarget["unreachable"];
}

/** One request, which is passed on as it comes. */
export interface ForwardCall {
  readonly head: RequestHead;
  readonly response: ResponseWriter;
  readonly upstream: ForwardTarget;
}

/** Watches a call. Everything is called after the bytes have been passed on, so that watching delays nothing. */
export interface ForwardObserver {
  requestChunk(chunk: Buffer): void;
  requestEnd(atNs: number): void;
  /** It was not read, and goes once more over a new connection; why the first sending failed. */
  sentAgain(error: Error, atNs: number): void;
  responseHead(head: Pick<ResponseHead, "status" | "fields">, atNs: number): void;
  responseChunk(chunk: Buffer, atNs: number): void;
  /** Exactly once, last. */
  end(end: ForwardEnd, atNs: number): void;
}

export interface ForwardEnd {
  readonly outcome: "completed" | "client-aborted" | "upstream-failed" | "upstream-truncated";
  readonly error: Error | null;
}

/** Monotonic nanoseconds, comparable between the processes of one host. */
export const monotonicNs = (): number => Number(process.hrtime.bigint());

/** The next hop has a name of its own, and `expect` is answered here. */
const ownedByHop: ReadonlySet<string> = new Set(["host", "expect"]);
const transferEncoding: ReadonlySet<string> = new Set(["transfer-encoding"]);
const nothing: ReadonlySet<string> = new Set();
/**
 * Bytes of a request that are passed on: a request is kept until its answer begins, and by who watches. Prompts of a million tokens have
 * 5 MB.
 */
export const requestBytesMax = 40 * 1024 * 1024;
/** An upstream that has worked for longer has read its request, whatever becomes of the connection. */
const unreadMsMax = 1_000;

/**
 * Passes one request on and its response back, byte for byte and chunk by chunk, with back-pressure both ways. It adds and
 * rewrites nothing but what belongs to a single connection. A request that the kernel of the other side says was not read (a
 * reset of a connection that had carried an answer) goes once over a new one, and the observer is told. Nothing else is
 * repeated: an end without a reset may be a server that read the request and failed.
 */
export class Forward {
  readonly #call: ForwardCall;
  readonly #observer: ForwardObserver;
  /** The head, until the first bytes of the body are there, which go into the same packet. */
  #waitingHead: Buffer | null;
  #requestBytes = 0;
  #answerBytes = 0;
  /** All that was sent, until the answer begins. */
  #kept: Buffer[] | null = [];
  #connection: ClientConnection;
  #requestOver = false;
  #startedMs: number | null = null;
  #wasUsed = false;
  /** Why the first sending failed. */
  #firstError: Error | null = null;
  #ended = false;
  #arrivedNs = 0;
  /** A client of HTTP/1.0 knows no chunks. */
  #withoutChunks = false;

  constructor(call: ForwardCall, observer: ForwardObserver) {
    const { head, upstream } = call;
    this.#call = call;
    this.#observer = observer;
    this.#connection = upstream.pool.take();
    const lines = headerLines(endToEndHeaders(head.fields, upstream.replaced));
    const last = upstream.pool.closesAfterAnswer ? "close" : "keep-alive";
    const own = `${upstream.ownLines}connection: ${last}\r\n`;
    const text = `${head.method} ${upstream.prefix}${head.target} HTTP/1.1\r\n${own}${lines}\r\n`;
    this.#waitingHead = Buffer.from(text, "latin1");
    queueMicrotask(() => this.#sendHead(null));
  }

  /** What comes from the client. */
  readonly request: RequestSink = {
    body: (raw, data) => {
      if (this.#ended) return;
      this.#requestBytes += raw.length;
      if (this.#requestBytes > requestBytesMax) return this.#refuseRequest();
      if (!this.#send(raw)) this.#call.response.pause();
      for (const piece of data) this.#observer.requestChunk(piece);
    },
    end: () => {
      if (this.#ended) return;
      this.#sendHead(null);
      this.#requestOver = true;
      if (this.#firstError === null) this.#connection.finish();
      else this.#sendAgain(this.#firstError);
      this.#observer.requestEnd(monotonicNs());
    },
    drained: () => this.#connection.resume(),
    gone: (error) => {
      if (!this.#ended) this.#end({ outcome: "client-aborted", error }, monotonicNs());
    },
  };

  /** What comes from the upstream. */
  readonly #answer: ResponseSink = {
    sent: () => {
      this.#startedMs = performance.now();
      this.#wasUsed = this.#connection.isUsed;
    },
    arrived: () => (this.#arrivedNs = monotonicNs()),
    head: (head, framing) => {
      this.#kept = null;
      const { response, head: asked } = this.#call;
      this.#withoutChunks = asked.minorVersion === 0 && framing.kind === "chunked";
      const headers = endToEndHeaders(head.fields, this.#withoutChunks ? transferEncoding : nothing);
      const text = `HTTP/1.1 ${head.status} ${head.reason}\r\n${headerLines(headers)}`;
      response.begin(text, this.#withoutChunks ? { kind: "close" } : framing);
      this.#observer.responseHead(head, this.#arrivedNs);
    },
    body: (raw, data) => {
      const { response } = this.#call;
      if (this.#ended) return;
      this.#answerBytes += raw.length;
      // Whoever reads an answer reads so much of it: an engine that does not stop must not fill this process or theirs.
      if (this.#answerBytes > modelAnswerBytesMax)
        return this.#failed(new BodyTooLongError(modelAnswerBytesMax));
      const pieces = this.#withoutChunks ? data : [raw];
      const flows = pieces.map((piece) => response.write(piece)).every(Boolean);
      if (!flows) this.#connection.pause();
      for (const piece of data) this.#observer.responseChunk(piece, this.#arrivedNs);
    },
    drained: () => this.#call.response.resume(),
    end: () => {
      if (this.#ended) return;
      this.#call.response.end();
      this.#end({ outcome: "completed", error: null }, this.#arrivedNs);
    },
    failed: (error) => {
      if (!this.#ended) this.#failed(error);
    },
  };

  #refuseRequest(): void {
    const error = new Error(`the request is longer than ${requestBytesMax / 1024 / 1024} MiB`);
    const { response } = this.#call;
    this.#end({ outcome: "client-aborted", error }, monotonicNs());
    if (response.begun) response.cut();
    else
      response.refuse(
        413,
        JSON.stringify({
          object: "error",
          message: error.message,
          type: "bad_request",
          param: null,
          code: 413,
        }),
      );
  }

  #failed(error: Error): void {
    const { pool } = this.#call.upstream;
    const unread = this.#wasUsed && !this.#call.response.begun && wasReset(error);
    const elapsedMs = performance.now() - (this.#startedMs ?? Number.NEGATIVE_INFINITY);
    if (this.#firstError === null && unread && elapsedMs <= unreadMsMax) {
      this.#firstError = error;
      pool.discard(this.#connection);
      this.#call.response.resume();
      if (this.#requestOver) this.#sendAgain(error);
      return;
    }
    const atNs = monotonicNs();
    const { response, upstream } = this.#call;
    if (response.begun) {
      response.cut();
      this.#end({ outcome: "upstream-truncated", error }, atNs);
      return;
    }
    const isReached = this.#startedMs !== null || this.#firstError !== null;
    // An upstream that took the request and went away: a client without us in between would see just that.
    if (isReached) response.cut();
    else response.answer(502, upstream.unreachable(error));
    const cause = this.#startedMs === null ? (this.#firstError ?? error) : error;
    this.#end({ outcome: "upstream-failed", error: cause }, atNs);
  }

  #sendAgain(error: Error): void {
    const bytes = Buffer.concat(this.#kept ?? []);
    this.#startedMs = null;
    this.#connection = this.#call.upstream.pool.another();
    this.#observer.sentAgain(error, monotonicNs());
    this.#connection.send(bytes, { method: this.#call.head.method, sink: this.#answer });
  }

  /** False when the upstream should be given time. */
  #send(raw: Buffer): boolean {
    this.#kept?.push(raw);
    // Between the two sendings the body is only kept.
    if (this.#firstError !== null) return true;
    return this.#sendHead(raw) ?? this.#connection.write(raw);
  }

  /** Sends the head, if it waits, with these bytes of the body. Returns what `write` does; null when it had been sent. */
  #sendHead(raw: Buffer | null): boolean | null {
    const head = this.#waitingHead;
    if (head === null || this.#ended) return null;
    this.#waitingHead = null;
    this.#kept?.unshift(head);
    const first = raw === null ? [head] : [head, raw];
    return this.#connection.begin(first, { method: this.#call.head.method, sink: this.#answer });
  }

  #end(end: ForwardEnd, atNs: number): void {
    this.#ended = true;
    this.#kept = null;
    const { response, upstream } = this.#call;
    // What is still coming is read and thrown away, so that the connection can be used again.
    response.resume();
    if (end.outcome === "completed") upstream.pool.answered(this.#connection);
    else upstream.pool.discard(this.#connection);
    this.#observer.end(end, atNs);
  }
}
