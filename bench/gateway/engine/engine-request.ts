import type { IncomingMessage, ServerResponse } from "node:http";
import type { Dispatcher } from "undici";
import { messageOf, TollgateError } from "../../errors.ts";
import {
  BodyTooLongError,
  boundedText,
  descriptionBytesMax,
  modelAnswerBytesMax,
} from "../../host/bounded-body.ts";
import { endToEndHeaders } from "../../wire/fields.ts";

/** The engine refused a call, could not be reached or broke off. */
export class EngineError extends TollgateError {
  readonly code = "TOLLGATE_GATEWAY_ENGINE";
  /** Of the answer to the client. */
  readonly status: number;

  constructor(status: number, message: string, options?: { readonly cause?: unknown }) {
    super(message, options);
    this.status = status;
  }

  /** SGLang's own shape of an error. */
  get body(): object {
    const type = this.status >= 500 ? "InternalServerError" : "BadRequestError";
    return { object: "error", message: this.message, type, param: null, code: this.status };
  }
}

/** The client went away; there is nobody to answer. */
export class ClientGoneError extends TollgateError {
  readonly code = "TOLLGATE_GATEWAY_CLIENT_GONE";
}

export interface EngineConnection {
  readonly dispatcher: Dispatcher;
  /** Origin and path before `/v1`, without a slash at its end. */
  readonly url: string;
  readonly apiKey: string | null;
}

/** Headers that belong to the client's own message. */
const notForEngine = new Set([
  "host",
  "expect",
  "authorization",
  "content-length",
  "content-type",
  "content-encoding",
  "accept",
  "accept-encoding",
]);

/** Aborted when the client goes away before its answer is complete. */
export function clientGone(response: ServerResponse): AbortSignal {
  const gone = new AbortController();
  response.once("close", () => {
    if (!response.writableFinished) gone.abort(new ClientGoneError("the client closed its connection"));
  });
  // It may have left while its request was read.
  if (response.destroyed) gone.abort(new ClientGoneError("the client closed its connection"));
  return gone.signal;
}

/**
 * Sends one request to the engine; once.
 * @returns the body of an answer with status 200, as it comes
 * @throws {EngineError | ClientGoneError}
 */
export async function askEngine(
  { dispatcher, url, apiKey }: EngineConnection,
  ask: {
    readonly path: string;
    readonly body: string;
    /** The client's request: what its headers say about identity and tracing goes along. */
    readonly request: IncomingMessage;
    readonly signal: AbortSignal;
  },
): Promise<AsyncIterable<Buffer>> {
  const { request, signal } = ask;
  try {
    const answer = await dispatcher.request({
      path: new URL(url).pathname.replace(/\/$/, "") + ask.path,
      method: "POST",
      headers: [
        ...endToEndHeaders(request.rawHeaders, notForEngine),
        "content-type",
        "application/json",
        ...(apiKey === null ? [] : ["authorization", `Bearer ${apiKey}`]),
      ],
      body: ask.body,
      signal,
    });
    if (answer.statusCode === 200) return bounded(answer.body);
    throw new EngineError(
      answer.statusCode,
      engineMessage(await boundedText(answer.body, descriptionBytesMax)),
    );
  } catch (cause) {
    throw asEngineError(cause, { url, signal });
  }
}

/** An answer as it comes, up to the length that is read of one. */
async function* bounded(body: AsyncIterable<Buffer>): AsyncGenerator<Buffer> {
  let bytes = 0;
  for await (const piece of body) {
    bytes += piece.length;
    if (bytes > modelAnswerBytesMax) throw new BodyTooLongError(modelAnswerBytesMax);
    yield piece;
  }
}

/** What was thrown while an answer was read, as whose fault it is. */
export function asEngineError(
  thrown: unknown,
  { url, signal }: { readonly url: string; readonly signal: AbortSignal },
): Error {
  if (signal.aborted && signal.reason instanceof ClientGoneError) return signal.reason;
  if (thrown instanceof EngineError || thrown instanceof ClientGoneError) return thrown;
  return new EngineError(502, `The engine at ${url} did not answer: ${messageOf(thrown)}`, { cause: thrown });
}

/** The message in an error body, of which servers have several shapes; else the beginning of the text. */
export function engineMessage(text: string): string {
  let body: unknown;
  try {
    body = JSON.parse(text);
  } catch {
    return text.slice(0, 500) || "the engine gave no reason";
  }
  return messageIn(body) ?? text.slice(0, 500);
}

function messageIn(body: unknown): string | null {
  if (typeof body === "string") return body;
  if (typeof body !== "object" || body === null) return null;
  const { message, error, detail } = body as Readonly<Record<string, unknown>>;
  if (typeof message === "string") return message;
  return messageIn(error) ?? (typeof detail === "string" ? detail : null);
}
