import {
  createServer,
  type IncomingMessage,
  request as httpRequest,
  Agent,
  type ServerResponse,
} from "node:http";
import { once } from "node:events";
import type { AddressInfo } from "node:net";
import { createRng, type Rng } from "../statistics/rng.ts";
import type { DelayLog, HeldRequest } from "./delay-log.ts";
import {
  delayText,
  drawDelayMs,
  type DelayedRequest,
  type DelayPlace,
  type DelayPlan,
} from "./delay-shape.ts";

export interface DelayGatewayOptions {
  /** Origin of the engine. */
  readonly upstream: string;
  readonly plan: DelayPlan;
  readonly seed: number;
  /** Monotonic nanoseconds. */
  readonly nowNs: () => number;
}

/**
 * A pass-through proxy whose added delay is known. `/delayed/…` waits as it was told, `/null/…` is the same code without
 * waiting: what any hop costs cancels between the two, and their difference is the delay alone. `GET /delay-log` tells
 * what it really did. Shares no code with the tap or the load generator.
 */
export class DelayGateway implements AsyncDisposable {
  readonly #options: DelayGatewayOptions;
  readonly #upstream: URL;
  readonly #agent = new Agent({ keepAlive: true, maxFreeSockets: 4096 });
  readonly #server = createServer({ keepAliveTimeout: 600_000, requestTimeout: 0, noDelay: true });
  readonly #rng: Rng;
  readonly #log: HeldRequest[] = [];
  readonly #inFlight = { null: 0, delayed: 0 };

  constructor(options: DelayGatewayOptions) {
    this.#options = options;
    this.#upstream = new URL(options.upstream);
    this.#rng = createRng(options.seed);
    this.#server.on("request", (request: IncomingMessage, response: ServerResponse) => {
      void this.#answer(request, response);
    });
  }

  /** Listens on a free loopback port and returns the origin. */
  async listen(): Promise<string> {
    this.#server.listen(0, "127.0.0.1");
    await once(this.#server, "listening");
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#agent.destroy();
    this.#server.closeAllConnections();
    await new Promise<void>((resolve) => this.#server.close(() => resolve()));
  }

  async #answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const [, path, rest] = /^\/(null|delayed)(\/.*)$/.exec(request.url ?? "") ?? [];
    if (path !== "null" && path !== "delayed") {
      const known = request.url === "/delay-log";
      response.writeHead(known ? 200 : 404, { "content-type": "application/json" });
      const log: DelayLog = { plan: delayText(this.#options.plan), held: this.#log };
      response.end(JSON.stringify(known ? log : { error: "paths begin with /null/ or /delayed/" }));
      return;
    }
    this.#inFlight[path] += 1;
    try {
      await this.#pass(request, response, { path, upstreamPath: rest ?? "/" });
    } catch {
      // The client or the engine closed its connection. The request is in no log, and the other side sees a cut answer.
      response.destroy();
    } finally {
      this.#inFlight[path] -= 1;
    }
  }

  async #pass(
    request: IncomingMessage,
    response: ServerResponse,
    way: { readonly path: HeldRequest["path"]; readonly upstreamPath: string },
  ): Promise<void> {
    const { nowNs, plan } = this.#options;
    const body = await wholeBody(request);
    const completeNs = nowNs();
    const facts = { inFlight: this.#inFlight[way.path], bodyBytes: body.length, turn: turnOf(body) };
    const hold = (at: DelayPlace) =>
      way.path === "delayed" && at === plan.place ? this.#wait(facts) : Promise.resolve();
    await hold("request");
    const requestHeldNs = nowNs() - completeNs;
    const answer = await this.#ask(request, body, way.upstreamPath);
    response.on("close", () => {
      if (!response.writableFinished) answer.destroy();
    });
    const arrived = new ArrivingChunks(answer, nowNs);
    await hold("first-byte");
    response.sendDate = false;
    response.writeHead(answer.statusCode ?? 502, endToEnd(answer.rawHeaders));
    response.flushHeaders();
    const headHeldNs = nowNs() - arrived.beganNs;
    let firstTokenHeldNs: number | null = null;
    let lastByteHeldNs: number | null = null;
    for (let next = await arrived.next(); next !== null; next = await arrived.next()) {
      if (firstTokenHeldNs !== null) await hold("token");
      response.write(next.chunk);
      lastByteHeldNs = nowNs() - next.atNs;
      if (firstTokenHeldNs === null && hasText(next.chunk)) firstTokenHeldNs = lastByteHeldNs;
    }
    response.end();
    const requestId = String(request.headers["x-tollgate-request"] ?? "");
    this.#log.push({
      requestId,
      path: way.path,
      ...facts,
      requestHeldNs,
      headHeldNs,
      firstTokenHeldNs,
      lastByteHeldNs,
    });
  }

  async #ask(request: IncomingMessage, body: Buffer, path: string): Promise<IncomingMessage> {
    const { hostname, port } = this.#upstream;
    const headers = Object.fromEntries(
      Object.entries(request.headers).filter(([name]) => !ownedByHop.has(name)),
    );
    const onward = httpRequest({
      agent: this.#agent,
      hostname,
      port,
      path,
      method: request.method ?? "GET",
      headers: { ...headers, "content-length": body.length },
    });
    onward.end(body);
    const [answer] = (await once(onward, "response")) as [IncomingMessage];
    // What goes wrong from here on is the answer's error.
    onward.on("error", () => undefined);
    return answer;
  }

  /**
   * Whole milliseconds and not exactly those: it waits without work, because a gateway that watched the clock would slow
   * down its neighbours, and that is in no log. The log says how long it was.
   */
  async #wait(facts: DelayedRequest): Promise<void> {
    const delayMs = Math.round(drawDelayMs(this.#options.plan.shape, facts, this.#rng));
    if (delayMs > 0) await new Promise((resolve) => setTimeout(resolve, delayMs));
  }
}

const ownedByHop = new Set([
  "host",
  "connection",
  "keep-alive",
  "content-length",
  "transfer-encoding",
  "expect",
]);

/** Chunks of an answer with the time at which each came, however long the reader takes. */
class ArrivingChunks {
  readonly beganNs: number;
  readonly #waiting: { readonly chunk: Buffer; readonly atNs: number }[] = [];
  #ended = false;
  #failed: Error | null = null;
  #wake: () => void = () => undefined;

  constructor(answer: IncomingMessage, nowNs: () => number) {
    this.beganNs = nowNs();
    answer.on("data", (chunk: Buffer) => {
      this.#waiting.push({ chunk, atNs: nowNs() });
      this.#wake();
    });
    answer.on("end", () => {
      this.#ended = true;
      this.#wake();
    });
    answer.on("error", (error) => {
      this.#failed = error;
      this.#wake();
    });
  }

  /** null after the last chunk. Rejects when the answer is cut. */
  async next(): Promise<{ readonly chunk: Buffer; readonly atNs: number } | null> {
    while (this.#waiting.length === 0 && !this.#ended && this.#failed === null) {
      await new Promise<void>((resolve) => (this.#wake = resolve));
    }
    const next = this.#waiting.shift();
    if (next !== undefined) return next;
    if (this.#failed !== null) throw this.#failed;
    return null;
  }
}

async function wholeBody(request: IncomingMessage): Promise<Buffer> {
  const chunks: Buffer[] = [];
  for await (const chunk of request as AsyncIterable<Buffer>) chunks.push(chunk);
  return Buffer.concat(chunks);
}

/** A chunk that only names the role has empty content. */
function hasText(chunk: Buffer): boolean {
  return /"content": ?"[^"]/.test(chunk.toString("latin1"));
}

function turnOf(body: Buffer): number {
  return body.toString("latin1").split('"role":"assistant"').length - 1;
}

function endToEnd(raw: readonly string[]): string[] {
  const kept: string[] = [];
  for (let at = 0; at < raw.length; at += 2) {
    const name = raw[at] ?? "";
    if (!ownedByHop.has(name.toLowerCase())) kept.push(name, raw[at + 1] ?? "");
  }
  return kept;
}
