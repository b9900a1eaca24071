import type { IncomingMessage, ServerResponse } from "node:http";
import { ExchangeRecord, type ReadExchange } from "../../tap/exchange-record.ts";
import type { BodyStore } from "../../tap/kept-body.ts";
import { endToEndHeaders } from "../../wire/fields.ts";
import { asksForSeveral, severalAnswers } from "./chat-body.ts";
import { errorBody, type DialectError } from "../http/dialect-error.ts";
import type { EngineConnection } from "../engine/engine-request.ts";
import { forward, type Forwarding } from "../engine/pass-on.ts";
import { bodyTooLong } from "../http/request-text.ts";

export interface ChatCall {
  readonly request: IncomingMessage;
  readonly response: ServerResponse;
  readonly engine: EngineConnection;
  readonly bodyBytesMax: number;
  readonly requestId: string;
  /** Where the bodies of all calls lie. */
  readonly store: BodyStore;
}

/** The client's key is for this gateway; the engine has another one or none. */
const notForEngine: ReadonlySet<string> = new Set(["host", "expect", "authorization", "transfer-encoding"]);

/**
 * Passes a chat call to the engine as it is and its answer back as it streams, and records both. The call is made once;
 * when the client goes away, the engine is told.
 * @returns what was recorded, when the last byte has been passed on
 * @throws {DialectError} 413 for a body that is announced too long
 */
export function passChatCall(call: ChatCall): Promise<ReadExchange> {
  const tooLong = bodyTooLong(call.bodyBytesMax);
  if (Number(call.request.headers["content-length"] ?? 0) > call.bodyBytesMax) throw tooLong;
  return new Promise((resolve, reject) => {
    const record = new ExchangeRecord(headOf(call.request), {
      place: { hop: "outer", arm: "gateway" },
      fallbackId: call.requestId,
      store: call.store,
      // Reading comes after the bytes: other streams must not wait for it in this turn of the loop.
      onEnd: () => setImmediate(() => void record.finish().then(resolve, reject)),
    });
    const received: Buffer[] = [];
    let bytes = 0;
    const refuse = (error: DialectError) =>
      forwarding.abort(error, { status: error.status, body: errorBody(error.message) });
    const forwarding: Forwarding = forward(
      {
        request: call.request,
        response: call.response,
        upstream: call.engine.dispatcher,
        path: `${new URL(call.engine.url).pathname.replace(/\/$/, "")}/v1/chat/completions`,
        headers: engineHeaders(call),
        unreachable: (error) =>
          errorBody(`The engine at ${call.engine.url} cannot be reached: ${error.message}`),
      },
      {
        requestChunk: (chunk) => {
          bytes += chunk.length;
          if (bytes > call.bodyBytesMax) return refuse(tooLong);
          record.requestChunk(chunk);
          received.push(chunk);
        },
        requestEnd: (atNs) => {
          record.requestEnd(atNs);
          // Every byte has gone on by now; an engine that has begun is told to stop.
          if (asksForSeveral(Buffer.concat(received))) refuse(severalAnswers());
          received.length = 0;
        },
        sentAgain: (error, atNs) => record.sentAgain(error, atNs),
        responseHead: (head, atNs) => record.responseHead(head, atNs),
        responseChunk: (chunk, atNs) => record.responseChunk(chunk, atNs),
        end: (end, atNs) => record.end(end, atNs),
      },
    );
  });
}

function engineHeaders({ request, engine: { apiKey } }: ChatCall): string[] {
  const headers = endToEndHeaders(request.rawHeaders, notForEngine);
  return apiKey === null ? headers : [...headers, "authorization", `Bearer ${apiKey}`];
}

function headOf({ method = "GET", url = "/", rawHeaders }: IncomingMessage) {
  return { method, target: url, fields: rawHeaders };
}
