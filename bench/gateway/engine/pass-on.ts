import type { IncomingMessage, ServerResponse } from "node:http";
import type { Dispatcher } from "undici";
import { endToEndHeaders } from "../../wire/fields.ts";
import { monotonicNs, type ForwardEnd, type ForwardObserver } from "../../wire/forward.ts";
import { RequestBody, hasBody } from "./request-body.ts";
import type { UpstreamHandler } from "./upstream.ts";

/** One request to pass on. The path may differ from the request's; the headers are already those of the next hop. */
export interface PassedCall {
  readonly request: IncomingMessage;
  readonly response: ServerResponse;
  readonly upstream: Dispatcher;
  readonly path: string;
  /** Names and values in turn. */
  readonly headers: readonly string[];
  /** Body of the 502 for an upstream that cannot be reached, as JSON text. */
  readonly unreachable: (error: Error) => string;
}

export interface Forwarding {
  /**
   * Ends the call from this side: the upstream request is aborted. The client gets the answer if none has begun, and
   * its connection is cut.
   */
  abort(reason: Error, answer?: { readonly status: number; readonly body: string }): void;
}

/** undici and Node frame both bodies anew. */
const framedAnew: ReadonlySet<string> = new Set(["transfer-encoding"]);

/**
 * Passes one request on and its response back, byte for byte and chunk by chunk, with back-pressure both ways. It adds
 * and rewrites nothing but what belongs to a single connection. It repeats no request by itself; the upstream may send one
 * again that was not read, and then the observer is told.
 */
export function forward(call: PassedCall, observer: ForwardObserver): Forwarding {
  const pass = new Pass(call, observer);
  const body = hasBody(call.request)
    ? new RequestBody(call.request, {
        chunk: (chunk) => observer.requestChunk(chunk),
        end: () => observer.requestEnd(monotonicNs()),
      })
    : null;
  if (body === null) observer.requestEnd(monotonicNs());
  try {
    call.upstream.dispatch(
      {
        path: call.path,
        method: call.request.method as Dispatcher.HttpMethod,
        headers: [...call.headers],
        body,
      },
      pass,
    );
  } catch (thrown) {
    // A request that undici refuses to send, e.g. for a header it does not allow.
    pass.onResponseError(null, thrown as Error);
  }
  return pass;
}

class Pass implements UpstreamHandler, Forwarding {
  readonly #call: PassedCall;
  readonly #observer: ForwardObserver;
  #controller: Dispatcher.DispatchController | null = null;
  #bodyStarted = false;
  #ended = false;

  constructor(call: PassedCall, observer: ForwardObserver) {
    this.#call = call;
    this.#observer = observer;
    call.response.on("close", () => {
      if (this.#ended) return;
      const error = new Error("the client closed its connection");
      this.#end({ outcome: "client-aborted", error }, monotonicNs());
      this.#controller?.abort(error);
    });
    call.response.on("drain", () => this.#controller?.resume());
    // A client that is gone is seen as "close"; its write errors say nothing more.
    call.response.on("error", () => undefined);
  }

  abort(reason: Error, answer?: { readonly status: number; readonly body: string }): void {
    if (this.#ended) return;
    const { response } = this.#call;
    this.#end({ outcome: "client-aborted", error: reason }, monotonicNs());
    this.#controller?.abort(reason);
    if (answer === undefined || response.headersSent) {
      response.destroy();
      return;
    }
    response.shouldKeepAlive = false;
    answerJson(response, answer.status, answer.body);
  }

  onRequestStart(controller: Dispatcher.DispatchController): void {
    this.#controller = controller;
    if (this.#ended) controller.abort(new Error("the client closed its connection"));
  }

  onSentAgain(error: Error): void {
    if (!this.#ended) this.#observer.sentAgain(error, monotonicNs());
  }

  onResponseStart(
    controller: Dispatcher.DispatchController,
    ...[status, , reason]: [number, unknown, string?]
  ): void {
    // Informational responses belong to the hop; the client gets its own.
    if (this.#ended || status < 200) return;
    const atNs = monotonicNs();
    const headers = textHeaders(controller.rawHeaders);
    const { response } = this.#call;
    response.sendDate = false;
    response.writeHead(status, reason ?? "", endToEndHeaders(headers, framedAnew));
    // With the first chunk where it is already here, without it otherwise: never later than this turn of the loop.
    queueMicrotask(() => {
      if (!this.#bodyStarted && !this.#ended) response.flushHeaders();
    });
    this.#observer.responseHead({ status, fields: headers }, atNs);
  }

  onResponseData(controller: Dispatcher.DispatchController, chunk: Buffer): void {
    if (this.#ended) return;
    const atNs = monotonicNs();
    this.#bodyStarted = true;
    if (!this.#call.response.write(chunk)) controller.pause();
    this.#observer.responseChunk(chunk, atNs);
  }

  onResponseEnd(): void {
    if (this.#ended) return;
    const atNs = monotonicNs();
    this.#call.response.end();
    this.#end({ outcome: "completed", error: null }, atNs);
  }

  onResponseError(_controller: Dispatcher.DispatchController | null, error: Error): void {
    if (this.#ended) return;
    const atNs = monotonicNs();
    const { response } = this.#call;
    if (response.headersSent) {
      cut(response);
      this.#end({ outcome: "upstream-truncated", error }, atNs);
      return;
    }
    if (this.#controller === null) {
      const text = this.#call.unreachable(error);
      response.writeHead(502, {
        "content-type": "application/json",
        "content-length": Buffer.byteLength(text),
      });
      response.end(text);
    } else {
      // The upstream took the request and went away. A client without us in between would see just that.
      cut(response);
    }
    this.#end({ outcome: "upstream-failed", error }, atNs);
  }

  #end(end: ForwardEnd, atNs: number): void {
    this.#ended = true;
    this.#call.request.resume();
    this.#observer.end(end, atNs);
  }
}

function answerJson(response: ServerResponse, status: number, body: string): void {
  response.writeHead(status, {
    "content-type": "application/json",
    "content-length": Buffer.byteLength(body),
  });
  response.end(body);
}

/** Ends the client's connection in the middle of the message, after everything that was written has been sent. */
function cut(response: ServerResponse): void {
  if (response.socket === null) response.destroy();
  else response.socket.destroySoon();
}

function textHeaders(raw: Dispatcher.DispatchController["rawHeaders"]): string[] {
  if (!Array.isArray(raw)) return Object.entries(raw ?? {}).flatMap(([name, value]) => [name, String(value)]);
  return raw.map((entry) => (typeof entry === "string" ? entry : entry.toString("latin1")));
}
