import { once } from "node:events";
import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { pipeline } from "node:stream/promises";
import { Agent, request } from "undici";
import { messageOf } from "../../errors.ts";
import { identityHeaders } from "../../workload/exchange.ts";
import type { Endpoint } from "../../transcript/endpoint.ts";

/** Where the model requests of one turn go, and who they are. */
export interface TurnRoute {
  readonly endpoint: Endpoint;
  /** Fields that the experiment pins in every request. */
  readonly sampling: Readonly<Record<string, number>>;
  /** A new request of the turn; returns its id. */
  readonly begun: () => string;
  /** How it was answered; null: with 200. */
  readonly answered: (failure: string | null) => void;
}

const bodyBytesMax = 40 * 1024 * 1024;
/** Of the connection to the gateway, and not of the request. */
const dropped = new Set([
  "host",
  "connection",
  "content-length",
  "transfer-encoding",
  "authorization",
  "keep-alive",
  "expect",
]);

/**
 * The model server that an attached gateway is given: it passes each request on to the outer tap of the arm under test, with the
 * key and the identity that the gateway cannot know. Which turn a request belongs to is told by its `traceparent`: OpenClaw hands on
 * the trace id that it was given with the turn. What the relay costs lies before the outer tap, so it is in no latency.
 */
export class Relay implements AsyncDisposable {
  readonly #routes = new Map<string, TurnRoute>();
  readonly #dispatcher: Agent;
  readonly #server: Server;
  /** Requests that belong to no turn of ours, e.g. those with which the gateway does work of its own. */
  strangers = 0;

  private constructor(callTimeoutMs: number) {
    this.#dispatcher = new Agent({ headersTimeout: callTimeoutMs, bodyTimeout: callTimeoutMs });
    this.#server = createServer((incoming, response) => {
      this.#serve(incoming, response).catch((error: unknown) => {
        if (!response.headersSent) refuse(response, 502, messageOf(error));
        else response.destroy();
      });
    });
  }

  /** @param host address of this machine as the gateway reaches it; on loopback nobody else can. @param port 0: any free one */
  static async start(
    { host, port }: { readonly host: string; readonly port: number },
    callTimeoutMs: number,
  ): Promise<Relay> {
    const relay = new Relay(callTimeoutMs);
    relay.#server.listen(port, isLoopback(host) ? "127.0.0.1" : "0.0.0.0");
    await once(relay.#server, "listening");
    return relay;
  }

  get port(): number {
    return (this.#server.address() as AddressInfo).port;
  }

  open(traceId: string, route: TurnRoute): void {
    this.#routes.set(traceId, route);
  }

  close(traceId: string): void {
    this.#routes.delete(traceId);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#server.close();
    this.#server.closeAllConnections();
    await this.#dispatcher.destroy();
  }

  async #serve(incoming: IncomingMessage, response: ServerResponse): Promise<void> {
    const body = await bodyOf(incoming);
    const traceId = traceIdIn(incoming.headers["traceparent"]);
    const route = traceId === null ? undefined : this.#routes.get(traceId);
    if (route === undefined) {
      this.strangers += 1;
      refuse(response, 404, "this address serves turns of Tollgate, and the request belongs to none");
      return;
    }
    const requestId = route.begun();
    const gone = new AbortController();
    response.on("close", () => gone.abort());
    try {
      const answer = await request(targetOf(route.endpoint, incoming.url ?? "/"), {
        method: incoming.method === "GET" ? "GET" : "POST",
        headers: headersOf(incoming, route.endpoint, requestId),
        body: incoming.method === "GET" ? null : pinned(body, route),
        dispatcher: this.#dispatcher,
        signal: gone.signal,
      });
      route.answered(answer.statusCode === 200 ? null : `HTTP ${answer.statusCode}`);
      const passed = ["content-type", "retry-after"].flatMap((name) => {
        const value = answer.headers[name];
        return value === undefined ? [] : [[name, String(value)] as const];
      });
      response.writeHead(answer.statusCode, Object.fromEntries(passed));
      await pipeline(answer.body, response);
    } catch (error) {
      if (gone.signal.aborted) return;
      route.answered(messageOf(error));
      throw error;
    }
  }
}

const isLoopback = (host: string) => host === "localhost" || host.startsWith("127.") || host === "::1";

/** `00-TRACE-SPAN-FLAGS`. */
export function traceIdIn(header: string | string[] | undefined): string | null {
  return /^[\da-f]{2}-([\da-f]{32})-[\da-f]{16}-[\da-f]{2}/.exec(String(header ?? ""))?.[1] ?? null;
}

/** The endpoint's address ends in `/v1`, and so does that of the relay. */
function targetOf({ baseUrl }: Endpoint, path: string): string {
  return `${baseUrl}${path.replace(/^\/v1(?=\/|$)/, "")}`;
}

function headersOf(incoming: IncomingMessage, endpoint: Endpoint, requestId: string): Record<string, string> {
  const theirs = Object.entries(incoming.headers).flatMap(([name, value]) =>
    dropped.has(name) || value === undefined ? [] : [[name, String(value)] as const],
  );
  return {
    ...Object.fromEntries(theirs),
    authorization: `Bearer ${endpoint.apiKey}`,
    ...endpoint.headers,
    [identityHeaders.request]: requestId,
  };
}

/** The request with the model and the sampling of the experiment; one that is no JSON object goes on as it is. */
function pinned(body: Buffer, { endpoint, sampling }: TurnRoute): Buffer | string {
  let fields: unknown;
  try {
    fields = JSON.parse(body.toString("utf8"));
  } catch {
    return body;
  }
  if (fields === null || typeof fields !== "object" || Array.isArray(fields)) return body;
  const { max_completion_tokens: theirs, ...rest } = fields as Readonly<Record<string, unknown>>;
  const limit = "max_tokens" in sampling || theirs === undefined ? {} : { max_completion_tokens: theirs };
  return JSON.stringify({ ...rest, ...limit, model: endpoint.model, ...sampling });
}

async function bodyOf(incoming: IncomingMessage): Promise<Buffer> {
  const parts: Buffer[] = [];
  let bytes = 0;
  for await (const part of incoming as AsyncIterable<Buffer>) {
    bytes += part.length;
    if (bytes > bodyBytesMax) throw new Error(`the request is longer than ${bodyBytesMax} bytes`);
    parts.push(part);
  }
  return Buffer.concat(parts);
}

function refuse(response: ServerResponse, status: number, message: string): void {
  response.writeHead(status, { "content-type": "application/json" });
  response.end(
    JSON.stringify({ error: { message: `Tollgate's relay: ${message}`, type: "tollgate_relay" } }),
  );
}
