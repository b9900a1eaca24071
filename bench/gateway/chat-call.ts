import type { IncomingMessage, ServerResponse } from "node:http";
import type { Dispatcher } from "undici";
import { ExchangeRecord, type ReadExchange } from "../tap/exchange-record.ts";
import { forward, type Forwarding } from "../tap/forward.ts";
import { endToEndHeaders } from "../tap/hop-headers.ts";
import { DialectError, errorBody } from "./dialect-error.ts";

export interface ChatCall {
  readonly request: IncomingMessage;
  readonly response: ServerResponse;
  readonly engine: Dispatcher;
  readonly engineUrl: string;
  /** Path on the engine. */
  readonly path: string;
  readonly engineApiKey: string | null;
  readonly bodyBytesMax: number;
  readonly requestId: string;
}

/** The client's key is for this gateway; the engine has another one or none. */
const notForEngine = new Set(["host", "expect", "authorization"]);

/**
 * Passes a chat call to the engine as it is and its answer back as it streams, and records both. The call is made once;
 * when the client goes away, the engine is told.
 * @returns what was recorded, when the last byte has been passed on
 * @throws {DialectError} 413 for a body that is announced too long
 */
export function passChatCall(call: ChatCall): Promise<ReadExchange> {
  const tooLong = new DialectError(413, `Request body is longer than ${call.bodyBytesMax} bytes`);
  if (Number(call.request.headers["content-length"] ?? 0) > call.bodyBytesMax) throw tooLong;
  return new Promise((resolve, reject) => {
    const record = new ExchangeRecord(call.request, {
      place: { hop: "outer", arm: "gateway" },
      fallbackId: call.requestId,
      // Reading comes after the bytes: other streams must not wait for it in this turn of the loop.
      onEnd: () => setImmediate(() => void record.finish().then(resolve, reject)),
    });
    let received = 0;
    const forwarding: Forwarding = forward(
      {
        request: call.request,
        response: call.response,
        upstream: call.engine,
        path: call.path,
        headers: engineHeaders(call),
        unreachable: (error) =>
          errorBody(`The engine at ${call.engineUrl} cannot be reached: ${error.message}`),
      },
      {
        requestChunk: (chunk) => {
          received += chunk.length;
          if (received <= call.bodyBytesMax) record.requestChunk(chunk);
          else forwarding.abort(tooLong, { status: tooLong.status, body: errorBody(tooLong.message) });
        },
        requestEnd: (atNs) => record.requestEnd(atNs),
        responseHead: (head, atNs) => record.responseHead(head, atNs),
        responseChunk: (chunk, atNs) => record.responseChunk(chunk, atNs),
        end: (end, atNs) => record.end(end, atNs),
      },
    );
  });
}

function engineHeaders({ request, engineApiKey }: ChatCall): string[] {
  const headers = endToEndHeaders(request.rawHeaders, notForEngine);
  return engineApiKey === null ? headers : [...headers, "authorization", `Bearer ${engineApiKey}`];
}
