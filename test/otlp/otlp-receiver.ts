import { createServer } from "node:http";
import { once } from "node:events";
import type { AddressInfo } from "node:net";
import { buffer } from "node:stream/consumers";
import { readTraceRequest } from "./protobuf-reader.ts";

export interface ReceivedSpan {
  readonly traceId: string;
  readonly spanId: string;
  readonly parentSpanId?: string;
  readonly name: string;
  readonly attributes: readonly { readonly key: string; readonly value: Readonly<Record<string, unknown>> }[];
}

export interface Received {
  readonly path: string;
  readonly headers: Readonly<Record<string, unknown>>;
  readonly spans: readonly ReceivedSpan[];
}

interface Reply {
  readonly status: number;
  readonly body?: string | Buffer;
  readonly headers?: Readonly<Record<string, string>>;
  /** Never answers. */
  readonly hangs?: boolean;
}

/** An OTLP/HTTP receiver that keeps what it gets. @param replies by order of requests; 200 behind the last one */
export async function startReceiver(replies: readonly Reply[] = []) {
  const received: Received[] = [];
  let requests = 0;
  const server = createServer((request, response) => {
    void (async () => {
      const body = await buffer(request);
      const reply = replies[requests] ?? { status: 200 };
      requests += 1;
      if (reply.hangs) return;
      if (reply.status === 200) {
        const isJson = request.headers["content-type"] === "application/json";
        const json = (isJson ? JSON.parse(body.toString("utf8")) : readTraceRequest(body)) as {
          resourceSpans: { scopeSpans: { spans: ReceivedSpan[] }[] }[];
        };
        const spans = json.resourceSpans.flatMap(({ scopeSpans }) =>
          scopeSpans.flatMap(({ spans }) => spans),
        );
        received.push({ path: request.url ?? "", headers: request.headers, spans });
      }
      response.writeHead(reply.status, reply.headers).end(reply.body ?? "");
    })();
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    received,
    requests: () => requests,
    async [Symbol.asyncDispose]() {
      server.closeAllConnections();
      server.close();
      await once(server, "close");
    },
  };
}
