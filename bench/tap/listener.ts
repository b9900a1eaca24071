import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { once } from "node:events";
import type { TapListenerSpec } from "./control.ts";
import { ExchangeRecord } from "./exchange-record.ts";
import { forward } from "./forward.ts";
import { endToEndHeaders } from "./hop-headers.ts";
import type { Manners } from "./manners.ts";
import { headBytesMax, Upstream } from "./upstream.ts";

/** Who is told of a listener's exchanges. */
export interface ListenerObserver {
  began(record: ExchangeRecord, spec: TapListenerSpec): void;
  ended(record: ExchangeRecord, spec: TapListenerSpec): void;
}

/** The next hop has a name of its own, counts the body itself, and `expect` is answered here. */
const ownedByHop = new Set(["host", "expect"]);

/** One address on loopback whose requests go to one upstream. */
export class Listener implements AsyncDisposable {
  readonly spec: TapListenerSpec;
  readonly url: string;
  readonly #server: Server;
  readonly #upstream: Upstream;

  private constructor(spec: TapListenerSpec, serving: { server: Server; upstream: Upstream; port: number }) {
    this.spec = spec;
    this.url = `http://127.0.0.1:${serving.port}`;
    this.#server = serving.server;
    this.#upstream = serving.upstream;
  }

  /** @param manners what is known of the upstream's connections, whichever listener learned it */
  static async open(spec: TapListenerSpec, observer: ListenerObserver, manners: Manners): Promise<Listener> {
    const { origin, pathname } = new URL(spec.upstream);
    const upstream = new Upstream(origin, manners);
    const prefix = pathname.replace(/\/+$/, "");
    const given = Object.entries(spec.headers ?? {});
    const replaced = new Set([...ownedByHop, ...given.map(([name]) => name.toLowerCase())]);
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
          upstream,
          path: `${prefix}${request.url ?? "/"}`,
          headers: [...endToEndHeaders(request.rawHeaders, replaced), ...given.flat()],
          unreachable: (error: Error) => unreachableBody(spec, error),
        };
        forward(call, record);
      },
    );
    server.listen(spec.port ?? 0, "127.0.0.1");
    await once(server, "listening");
    return new Listener(spec, { server, upstream, port: (server.address() as AddressInfo).port });
  }

  /** Connections to its upstream that were opened so far. */
  get connections(): number {
    return this.#upstream.connections;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#server.closeAllConnections();
    this.#server.close();
    await this.#upstream.destroy();
  }
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
