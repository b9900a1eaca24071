import { once } from "node:events";
import { createServer, type AddressInfo, type Server, type Socket } from "node:net";
import {
  listedIn,
  readRequestHead,
  requestFraming,
  staysOpen,
  WireError,
  type Framing,
  type RequestHead,
} from "./head.ts";
import { MessageParser, type MessageSink } from "./message-parser.ts";

/** Takes one request while it comes. None may throw. */
export interface RequestSink {
  /** As `MessageSink.body`. */
  body(raw: Buffer, data: readonly Buffer[]): void;
  end(): void;
  /** The client can take more of the answer. */
  drained(): void;
  /** The client went away before it had the whole answer; nothing follows. */
  gone(error: Error): void;
}

/** The way back to the client. After `end`, `answer` or `cut` nothing more may be sent. */
export interface ResponseWriter {
  /** Whether a part of the answer has been sent. */
  readonly begun: boolean;
  /**
   * The bytes of a head and what follows it in the same packet. A body that ends with the connection is cut after `end`.
   */
  begin(head: string, framing: Framing): void;
  /** False when the client should be given time; `drained` follows. */
  write(raw: Buffer): boolean;
  end(): void;
  /** A whole answer of our own, of JSON. */
  answer(status: number, body: string): void;
  /** The same to a request that is not read to its end: the connection ends with it. */
  refuse(status: number, body: string): void;
  /** Ends the connection in the middle of the message, after everything that was written has been sent. */
  cut(): void;
  /** No more of the request is read until `resume`. */
  pause(): void;
  resume(): void;
}

export type ServeRequest = (head: RequestHead, response: ResponseWriter) => RequestSink;

/** An HTTP/1.1 server that gives bytes on as they come. It never closes a connection that its client wants to keep. */
export class WireServer implements AsyncDisposable {
  readonly port: number;
  readonly #server: Server;
  readonly #connections: Set<ServerConnection>;

  private constructor(server: Server, connections: Set<ServerConnection>) {
    this.#server = server;
    this.#connections = connections;
    this.port = (server.address() as AddressInfo).port;
  }

  /** @param port 0 for any. Rejects when the port is taken. */
  static async listen(port: number, serve: ServeRequest): Promise<WireServer> {
    const connections = new Set<ServerConnection>();
    const server = createServer({ noDelay: true }, (socket) => {
      const connection = new ServerConnection(socket, serve);
      connections.add(connection);
      socket.once("close", () => connections.delete(connection));
    });
    server.listen(port, "127.0.0.1");
    await once(server, "listening");
    return new WireServer(server, connections);
  }

  [Symbol.asyncDispose](): Promise<void> {
    for (const connection of this.#connections) connection.destroy();
    return new Promise((resolve) => this.#server.close(() => resolve()));
  }
}

const lingerMs = 2_000;
const continueHead = Buffer.from("HTTP/1.1 100 Continue\r\n\r\n");

class ServerConnection implements MessageSink {
  readonly #socket: Socket;
  readonly #serve: ServeRequest;
  readonly #parser = new MessageParser();
  /** Bytes of the next request, which came before the answer to this one was over. */
  #ahead: Buffer | null = null;
  #exchange: ServerExchange | null = null;

  constructor(socket: Socket, serve: ServeRequest) {
    this.#socket = socket;
    this.#serve = serve;
    this.#parser.begin(this);
    socket.on("data", (bytes: Buffer) => this.#read(bytes));
    socket.on("drain", () => this.#exchange?.sink.drained());
    // A client that is gone is seen as "close"; its errors say nothing more.
    socket.on("error", () => undefined);
    socket.on("end", () => this.#lost());
    socket.on("close", () => this.#lost());
  }

  destroy(): void {
    this.#socket.destroy();
  }

  head(text: string): Framing {
    const head = readRequestHead(text);
    const framing = requestFraming(head);
    if (head.method === "CONNECT") throw new WireError("CONNECT is not served here", 405);
    const exchange = new ServerExchange(this.#socket, staysOpen(head) && head.minorVersion === 1, () =>
      this.#next(),
    );
    this.#exchange = exchange;
    if (framing.kind !== "none" && listedIn(head.fields, "expect").includes("100-continue"))
      this.#socket.write(continueHead);
    exchange.sink = this.#serve(head, exchange);
    return framing;
  }

  body(raw: Buffer, data: readonly Buffer[]): void {
    this.#exchange?.sink.body(raw, data);
  }

  end(): void {
    const exchange = this.#exchange;
    if (exchange === null) return;
    exchange.requestOver = true;
    exchange.sink.end();
    this.#next();
  }

  #read(bytes: Buffer): void {
    // Behind the end of a request nothing is read before its answer is over.
    if (this.#parser.isOver) {
      this.#ahead = this.#ahead === null ? bytes : Buffer.concat([this.#ahead, bytes]);
      this.#socket.pause();
      return;
    }
    try {
      const rest = this.#parser.read(bytes);
      if (rest !== null) this.#read(rest);
    } catch (error) {
      this.#refuse(error);
    }
  }

  #refuse(thrown: unknown): void {
    const error = thrown instanceof WireError ? thrown : new WireError(String(thrown));
    const exchange = this.#exchange;
    this.#exchange = null;
    this.#socket.removeAllListeners("data");
    if (exchange !== null && !exchange.over) {
      exchange.sink.gone(error);
      this.#socket.destroy();
      return;
    }
    const body = JSON.stringify({
      object: "error",
      message: error.message,
      type: "bad_request",
      param: null,
      code: error.status,
    });
    new ServerExchange(this.#socket, false, () => undefined).refuse(error.status, body);
  }

  /** When request and answer are both over, the next request is read. */
  #next(): void {
    const exchange = this.#exchange;
    if (exchange === null || !exchange.over || !exchange.requestOver) return;
    this.#exchange = null;
    if (this.#socket.destroyed || !exchange.keepsOpen) return;
    this.#parser.begin(this);
    const ahead = this.#ahead;
    this.#ahead = null;
    this.#socket.resume();
    if (ahead !== null) this.#read(ahead);
  }

  #lost(): void {
    const exchange = this.#exchange;
    this.#exchange = null;
    if (exchange === null || exchange.over) return;
    exchange.sink.gone(new Error("the client closed its connection"));
    this.#socket.destroy();
  }
}

/** A client that still sends would have its connection reset, and its answer lost with it: it may go on for a moment, and nothing is kept. */
function lingering(socket: Socket): void {
  socket.removeAllListeners("data").resume();
  setTimeout(() => socket.destroy(), lingerMs).unref();
}

const nobody: RequestSink = {
  body: () => undefined,
  end: () => undefined,
  drained: () => undefined,
  gone: () => undefined,
};

class ServerExchange implements ResponseWriter {
  sink: RequestSink = nobody;
  requestOver = false;
  over = false;
  begun = false;
  keepsOpen: boolean;
  readonly #socket: Socket;
  readonly #ended: () => void;
  #head: string | null = null;

  constructor(socket: Socket, keepsOpen: boolean, ended: () => void) {
    this.#socket = socket;
    this.keepsOpen = keepsOpen;
    this.#ended = ended;
  }

  begin(head: string, framing: Framing): void {
    if (this.over) return;
    this.begun = true;
    if (framing.kind === "close") this.keepsOpen = false;
    this.#head = `${head}${this.keepsOpen ? "" : "connection: close\r\n"}\r\n`;
    // With the first bytes of the body where they are already here, without them otherwise.
    queueMicrotask(() => this.#flushHead());
  }

  write(raw: Buffer): boolean {
    if (this.over) return true;
    const head = this.#head;
    if (head === null) return this.#socket.write(raw);
    this.#head = null;
    this.#socket.cork();
    this.#socket.write(head, "latin1");
    const flows = this.#socket.write(raw);
    this.#socket.uncork();
    return flows;
  }

  end(): void {
    if (this.over) return;
    this.#flushHead();
    this.over = true;
    if (!this.keepsOpen) this.#socket.end();
    this.#ended();
  }

  answer(status: number, body: string): void {
    if (this.over) return;
    const bytes = Buffer.from(body);
    const head = `HTTP/1.1 ${status} ${reasons[status] ?? "Error"}\r\ncontent-type: application/json\r\ncontent-length: ${bytes.length}\r\n`;
    this.begin(head, { kind: "length", bytes: bytes.length });
    this.write(bytes);
    this.end();
  }

  refuse(status: number, body: string): void {
    this.keepsOpen = false;
    this.answer(status, body);
    lingering(this.#socket);
  }

  cut(): void {
    if (this.over) return;
    this.#flushHead();
    this.over = true;
    this.keepsOpen = false;
    this.#socket.destroySoon();
    this.#ended();
  }

  pause(): void {
    this.#socket.pause();
  }

  resume(): void {
    this.#socket.resume();
  }

  #flushHead(): void {
    const head = this.#head;
    this.#head = null;
    if (head !== null && !this.#socket.destroyed) this.#socket.write(head, "latin1");
  }
}

const reasons: Readonly<Record<number, string>> = {
  400: "Bad Request",
  405: "Method Not Allowed",
  413: "Content Too Large",
  431: "Request Header Fields Too Large",
  501: "Not Implemented",
  502: "Bad Gateway",
};
