import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { once } from "node:events";
import { Pool } from "undici";
import type { TapListenerSpec } from "./control.ts";
import { ExchangeRecord } from "./exchange-record.ts";
import { forward } from "./forward.ts";
import { endToEndHeaders } from "./hop-headers.ts";

/** Who is told of a listener's exchanges. */
export interface ListenerObserver {
  began(record: ExchangeRecord, spec: TapListenerSpec): void;
  ended(record: ExchangeRecord, spec: TapListenerSpec): void;
}

/** The next hop has a name of its own, counts the body itself, and `expect` is answered here. */
const ownedByHop = new Set(["host", "expect"]);
const headBytesMax = 64 * 1024;

/** One address on loopback whose requests go to one upstream. */
export class Listener implements AsyncDisposable {
  readonly spec: TapListenerSpec;
  readonly url: string;
  readonly #server: Server;
  readonly #pool: Pool;

  private constructor(spec: TapListenerSpec, serving: { server: Server; pool: Pool; port: number }) {
    this.spec = spec;
    this.url = `http://127.0.0.1:${serving.port}`;
    this.#server = serving.server;
    this.#pool = serving.pool;
  }

  static async open(spec: TapListenerSpec, observer: ListenerObserver): Promise<Listener> {
    const upstream = new URL(spec.upstream);
    const pool = upstreamPool(upstream.origin);
    const prefix = upstream.pathname.replace(/\/+$/, "");
    let count = 0;
    const server = createServer(
      // The tap never closes first: it must not add a lost connection that the upstream would not have caused.
      { keepAliveTimeout: 3_600_000, requestTimeout: 0, maxHeaderSize: headBytesMax, noDelay: true },
      (request: IncomingMessage, response: ServerResponse) => {
        const record = new ExchangeRecord(request, {
          place: spec,
          fallbackId: `${spec.name}-${(count += 1)}`,
          onEnd: () => observer.ended(record, spec),
        });
        observer.began(record, spec);
        const call = {
          request,
          response,
          upstream: pool,
          path: `${prefix}${request.url ?? "/"}`,
          headers: endToEndHeaders(request.rawHeaders, ownedByHop),
          unreachable: (error: Error) => unreachableBody(spec, error),
        };
        forward(call, record);
      },
    );
    server.listen(spec.port ?? 0, "127.0.0.1");
    await once(server, "listening");
    return new Listener(spec, { server, pool, port: (server.address() as AddressInfo).port });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#server.closeAllConnections();
    this.#server.close();
    await this.#pool.destroy();
  }
}

/** Connections without limit: waiting for one inside the client would be counted as the upstream's time. */
export function upstreamPool(origin: string): Pool {
  return new Pool(origin, {
    connections: null,
    pipelining: 1,
    // An engine may be silent for as long as it likes; who waits decides how long.
    headersTimeout: 0,
    bodyTimeout: 0,
    maxHeaderSize: headBytesMax,
    connect: { timeout: 10_000 },
  });
}

/** In the shape of an engine's error, so that clients show the message. */
function unreachableBody(spec: TapListenerSpec, error: Error): string {
  return JSON.stringify({
    object: "error",
    message: `Tollgate's ${spec.hop} tap of arm ${spec.arm} cannot reach ${spec.upstream}: ${error.message}`,
    type: "tap_upstream_unreachable",
    param: null,
    code: 502,
  });
}
