import { buildConnector, Client } from "undici";
import { refusalAfterEnd } from "../../wire/reset.ts";

export interface ConnectionObserver {
  /** The server closed it while nothing was asked, that long after its last answer. */
  closedByServer(connection: UpstreamConnection, afterAnswerMs: number): void;
  opened(): void;
  /** It can no longer be used. */
  gone(connection: UpstreamConnection): void;
}

/** `allowHalfOpen` as `refusalAfterEnd` needs it. */
const connect = buildConnector({ timeout: 10_000, allowH2: false, allowHalfOpen: true });

/** One connection to one server, for one request at a time. It is opened with its first request. */
export class UpstreamConnection {
  readonly client: Client;
  readonly #observer: ConnectionObserver;
  #answers = 0;
  #idleSinceMs: number | null = null;
  #refusal: Error | null = null;

  constructor(origin: string, options: Client.Options, observer: ConnectionObserver) {
    this.#observer = observer;
    this.client = new Client(origin, {
      ...options,
      connect: (place, told) =>
        connect(place, (...[error, socket]) => {
          // Before undici, which closes the socket as soon as it hears of the end.
          socket?.once("end", () => (this.#refusal = refusalAfterEnd(socket)));
          if (error === null) told(null, socket);
          else told(error, null);
        }),
    });
    this.client.on("connect", () => {
      this.#answers = 0;
      observer.opened();
    });
    this.client.on("disconnect", (...[, , error]) => {
      // undici's own word for what this side ended: an idle limit, or an answer that announced the end.
      const byServer = error.code !== "UND_ERR_INFO" && !this.client.destroyed;
      if (byServer && this.#idleSinceMs !== null)
        observer.closedByServer(this, performance.now() - this.#idleSinceMs);
      // A connection with a request hears of its end there.
      if (this.#idleSinceMs !== null) this.drop();
    });
  }

  /** Whether the socket that is open has carried an answer. */
  get used(): boolean {
    return this.#answers > 0;
  }

  /** That the server refused the request, where it has also closed the connection; see `refusalAfterEnd`. */
  get refusal(): Error | null {
    return this.#refusal;
  }

  /** Milliseconds since its last answer; none while a request is on the way. */
  get idleMs(): number {
    return this.#idleSinceMs === null ? 0 : performance.now() - this.#idleSinceMs;
  }

  busy(): void {
    this.#idleSinceMs = null;
  }

  answered(): void {
    this.#answers += 1;
    this.#idleSinceMs = performance.now();
  }

  drop(): void {
    this.#idleSinceMs = null;
    this.#observer.gone(this);
    if (!this.client.destroyed) void this.client.destroy();
  }
}
