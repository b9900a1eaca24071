import { messageOf, StartError } from "../errors.ts";
import { ClientConnection, type ServerPlace } from "../wire/client.ts";
import { placeOf } from "../wire/pool.ts";

/**
 * Keep-alive connections to one server, each for one request at a time, opened before they are needed: a handshake
 * inside a measured latency would be the client's. A connection that the server closed is opened again when used.
 */
export class Connections implements AsyncDisposable {
  readonly #place: ServerPlace;
  readonly #idle: ClientConnection[] = [];
  readonly #all: ClientConnection[] = [];
  readonly #waiting: ((connection: ClientConnection) => void)[] = [];
  readonly #max: number;

  private constructor(place: ServerPlace, max: number) {
    this.#place = place;
    this.#max = max;
  }

  /**
   * @param options.opened connections that are open when this returns
   * @throws {StartError} when the server does not accept one
   */
  static async open(
    url: URL,
    options: { readonly opened: number; readonly max: number | null },
  ): Promise<Connections> {
    if (url.protocol !== "http:")
      throw new StartError("load", `Load is sent over http only, not to ${url.href}.`);
    const connections = new Connections(placeOf(url), options.max ?? Number.POSITIVE_INFINITY);
    try {
      for (let count = 0; count < Math.min(options.opened, connections.#max); count += 1) {
        const connection = connections.#another();
        await connection.open();
        connections.#idle.push(connection);
      }
    } catch (cause) {
      await connections[Symbol.asyncDispose]();
      throw new StartError("load", `${url.origin} accepts no connection: ${messageOf(cause)}`, { cause });
    }
    return connections;
  }

  /** Gives `use` a free connection; at the maximum number of connections, when one becomes free. */
  withConnection(use: (connection: ClientConnection) => void): void {
    const connection = this.#idle.pop() ?? (this.#all.length < this.#max ? this.#another() : null);
    if (connection === null) this.#waiting.push(use);
    else use(connection);
  }

  /** Gives back what `withConnection` handed out, when its request has ended. */
  release(connection: ClientConnection): void {
    const next = this.#waiting.shift();
    if (next === undefined) this.#idle.push(connection);
    else next(connection);
  }

  /** Drops all requests that wait for a connection. */
  dropWaiting(): void {
    this.#waiting.length = 0;
  }

  [Symbol.asyncDispose](): Promise<void> {
    for (const connection of this.#all) connection.destroy();
    return Promise.resolve();
  }

  #another(): ClientConnection {
    const connection = new ClientConnection(this.#place);
    this.#all.push(connection);
    return connection;
  }
}
