import { once } from "node:events";
import { createServer, type IncomingMessage } from "node:http";
import type { AddressInfo } from "node:net";
import { buffer } from "node:stream/consumers";
import { FakeStore } from "./fake-store.ts";
import { Refusal } from "./fake-rules.ts";

/** What a request gets in place of its answer. */
export interface Fault {
  /** Of the path, without its query. */
  readonly on: RegExp;
  /** How many of them (default: all). */
  readonly times?: number;
  /** So many are answered well before it. */
  readonly after?: number;
  readonly status?: number;
  readonly body?: string;
  readonly headers?: Readonly<Record<string, string>>;
  /** The request is done, and its answer is lost. */
  readonly losesAnswer?: boolean;
  readonly hangs?: boolean;
}

export interface FakeOptions {
  readonly faults?: readonly Fault[];
  /** What `authorization` must be; absent: anybody may come. */
  readonly authorization?: string;
  /** As a server of 3.5 and later that was told no other name than this. */
  readonly allowedHost?: string;
  readonly artifactRoot?: string;
  readonly port?: number;
  readonly version?: string;
}

/** A tracking server in this process that holds to the rules. */
export async function startFakeMlflow(options: FakeOptions = {}) {
  const store = new FakeStore(options.artifactRoot ?? "mlflow-artifacts:");
  const met = new Map<Fault, number>();
  const calls: string[] = [];
  const faultOf = (path: string): Fault | null => {
    for (const fault of options.faults ?? []) {
      if (!fault.on.test(path)) continue;
      const before = met.get(fault) ?? 0;
      met.set(fault, before + 1);
      const after = fault.after ?? 0;
      if (before >= after && before < after + (fault.times ?? Infinity)) return fault;
    }
    return null;
  };
  const server = createServer((request, response) => {
    void (async () => {
      const url = new URL(request.url ?? "/", "http://localhost");
      calls.push(`${request.method ?? ""} ${url.pathname}`);
      const body = await buffer(request);
      const fault = faultOf(url.pathname);
      if (fault?.hangs === true) return;
      const answer =
        fault === null || fault.losesAnswer === true
          ? answerTo(store, { request, url, body }, options)
          : { status: fault.status ?? 500, text: fault.body ?? "" };
      if (fault?.losesAnswer === true) {
        request.socket.destroy();
        return;
      }
      response.writeHead(answer.status, fault?.headers).end(answer.text);
    })();
  });
  server.listen(options.port ?? 0, "127.0.0.1");
  await once(server, "listening");
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    store,
    calls,
    async [Symbol.asyncDispose]() {
      server.closeAllConnections();
      server.close();
      await once(server, "close");
    },
  };
}

interface Asked {
  readonly request: IncomingMessage;
  readonly url: URL;
  readonly body: Buffer;
}

function answerTo(
  store: FakeStore,
  { request, url, body }: Asked,
  { authorization, allowedHost, version = "3.17.2" }: FakeOptions,
): { readonly status: number; readonly text: string | Buffer } {
  if (url.pathname === "/health") return { status: 200, text: "OK" };
  if (allowedHost !== undefined && request.headers.host?.split(":")[0] !== allowedHost)
    return { status: 403, text: "Invalid Host header - possible DNS rebinding attack detected" };
  if (authorization !== undefined && request.headers.authorization !== authorization)
    return { status: 401, text: "You are not authenticated. Please see https://mlflow.org" };
  if (url.pathname === "/version") return { status: 200, text: version };
  try {
    return { status: 200, text: store.answer(request.method ?? "", url, body) };
  } catch (error) {
    if (!(error instanceof Refusal)) throw error;
    const { status, errorCode, message } = error;
    return { status, text: JSON.stringify({ error_code: errorCode, message }) };
  }
}
