import { connect, type Socket } from "node:net";
import { once } from "node:events";
import { Client, type Dispatcher } from "undici";
import { messageOf, StartError } from "../errors.ts";

/**
 * Keep-alive connections to one server, each for one request at a time, opened before they are needed: a handshake
 * inside a measured latency would be the client's. A connection that the server closed is opened again when used.
 */
export class Connections implements AsyncDisposable {
  readonly #origin: string;
  readonly #idle: Client[] = [];
  readonly #all: Client[] = [];
  /** Those opened beforehand; a client that is never used does not know its own. */
  readonly #sockets: Socket[] = [];
  readonly #waiting: ((client: Client) => void)[] = [];
  readonly #max: number;

  private constructor(origin: string, max: number) {
    this.#origin = origin;
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
    const connections = new Connections(url.origin, options.max ?? Number.POSITIVE_INFINITY);
    try {
      for (let count = 0; count < Math.min(options.opened, connections.#max); count += 1) {
        const socket = await openSocket(url);
        connections.#sockets.push(socket);
        connections.#idle.push(connections.#client(socket));
      }
    } catch (cause) {
      await connections[Symbol.asyncDispose]();
      throw new StartError("load", `${url.origin} accepts no connection: ${messageOf(cause)}`, { cause });
    }
    return connections;
  }

  /** Hands a free connection to `use` at once, or when one becomes free where there may be no more. */
  withClient(use: (client: Dispatcher) => void): void {
    const client = this.#idle.pop() ?? (this.#all.length < this.#max ? this.#client(null) : null);
    if (client === null) this.#waiting.push(use);
    else use(client);
  }

  /**
   * Gives back what `withClient` handed out, when its request has ended. undici uses a connection again in the next turn
   * of the loop; until then others are taken, so that a request which is due does not wait for that turn.
   */
  release(client: Dispatcher): void {
    const next = this.#waiting.shift();
    if (next === undefined) setImmediate(() => this.#free(client as Client));
    else next(client as Client);
  }

  /** Forgets who waits for a connection. */
  dropWaiting(): void {
    this.#waiting.length = 0;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Promise.all(this.#all.map((client) => client.destroy()));
    for (const socket of this.#sockets) socket.destroy();
  }

  #free(client: Client): void {
    const next = this.#waiting.shift();
    if (next === undefined) this.#idle.push(client);
    else next(client);
  }

  #client(first: Socket | null): Client {
    let ready = first;
    const { hostname, port } = new URL(this.#origin);
    const client = new Client(this.#origin, {
      pipelining: 1,
      // A server may be silent for as long as it likes; the plan's time limit decides how long.
      headersTimeout: 0,
      bodyTimeout: 0,
      maxHeaderSize: 64 * 1024,
      connect: (_options, callback) => {
        const opened = ready;
        ready = null;
        if (opened === null || opened.destroyed || opened.readyState !== "open") {
          connectNow({ hostname, port }, callback);
          return;
        }
        // Never within this call: undici would not notice.
        process.nextTick(callback, null, opened);
      },
    });
    this.#all.push(client);
    return client;
  }
}

async function openSocket({ hostname, port }: URL): Promise<Socket> {
  const socket = connect({ host: hostname, port: Number(port || 80), noDelay: true });
  await once(socket, "connect");
  // Lost before its first use: the client then opens another.
  socket.on("error", () => undefined);
  return socket;
}

function connectNow(
  { hostname, port }: { readonly hostname: string; readonly port: string },
  callback: (...outcome: [Error, null] | [null, Socket]) => void,
): void {
  const socket = connect({ host: hostname, port: Number(port || 80), noDelay: true });
  const failed = (error: Error) => callback(error, null);
  socket.once("error", failed);
  socket.once("connect", () => {
    socket.off("error", failed);
    callback(null, socket);
  });
}
