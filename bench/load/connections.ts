import { messageOf, StartError } from "../errors.ts";
import { HttpConnection } from "./http-connection.ts";

/**
 * Keep-alive connections to one server, each for one request at a time, opened before they are needed: a handshake
 * inside a measured latency would be the client's. A connection that the server closed is opened again when used.
 */
export class Connections implements AsyncDisposable {
  readonly #place: { readonly host: string; readonly port: number };
  readonly #idle: HttpConnection[] = [];
  readonly #all: HttpConnection[] = [];
  readonly #waiting: ((connection: HttpConnection) => void)[] = [];
  readonly #max: number;

  private constructor(place: { readonly host: string; readonly port: number }, max: number) {
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
    // Brackets belong to the URL, not to the address.
    const place = { host: url.hostname.replace(/^\[(.*)\]$/, "$1"), port: Number(url.port || 80) };
    const connections = new Connections(place, options.max ?? Number.POSITIVE_INFINITY);
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
  withConnection(use: (connection: HttpConnection) => void): void {
    const connection = this.#idle.pop() ?? (this.#all.length < this.#max ? this.#another() : null);
    if (connection === null) this.#waiting.push(use);
    else use(connection);
  }

  /** Gives back what `withConnection` handed out, when its request has ended. */
  release(connection: HttpConnection): void {
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

  #another(): HttpConnection {
    const connection = new HttpConnection(this.#place);
    this.#all.push(connection);
    return connection;
  }
}
