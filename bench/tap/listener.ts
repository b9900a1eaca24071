import { Forward, forwardTarget } from "../wire/forward.ts";
import type { Manners } from "../wire/manners.ts";
import type { ConnectionPool } from "../wire/pool.ts";
import { WireServer } from "../wire/server.ts";
import type { TapListenerSpec } from "./control.ts";
import { ExchangeRecord } from "./exchange-record.ts";
import type { BodyStore } from "./kept-body.ts";

/** Who is told of a listener's exchanges. */
export interface ListenerObserver {
  began(record: ExchangeRecord, spec: TapListenerSpec): void;
  ended(record: ExchangeRecord, spec: TapListenerSpec): void;
}

interface SharedByListeners {
  /** What is known of the upstream's connections, whichever listener learned it. */
  readonly manners: Manners;
  readonly store: BodyStore;
}

/** One address on loopback whose requests go to one upstream. */
export class Listener implements AsyncDisposable {
  readonly spec: TapListenerSpec;
  readonly url: string;
  readonly #server: WireServer;
  readonly #pool: ConnectionPool;

  private constructor(spec: TapListenerSpec, server: WireServer, pool: ConnectionPool) {
    this.spec = spec;
    this.url = `http://127.0.0.1:${server.port}`;
    this.#server = server;
    this.#pool = pool;
  }

  static async open(
    spec: TapListenerSpec,
    observer: ListenerObserver,
    { manners, store }: SharedByListeners,
  ): Promise<Listener> {
    const upstream = forwardTarget(new URL(spec.upstream), {
      manners,
      headers: spec.headers,
      unreachable: (error) => unreachableBody(spec, error),
    });
    let count = 0;
    const server = await WireServer.listen(spec.port ?? 0, (head, response) => {
      const record = new ExchangeRecord(head, {
        place: spec,
        fallbackId: `${spec.name}-${(count += 1)}`,
        onEnd: () => observer.ended(record, spec),
        store,
      });
      observer.began(record, spec);
      return new Forward({ head, response, upstream }, record).request;
    });
    return new Listener(spec, server, upstream.pool);
  }

  /** Connections to its upstream that were opened so far. */
  get connections(): number {
    return this.#pool.opened;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#server[Symbol.asyncDispose]();
    await this.#pool[Symbol.asyncDispose]();
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
