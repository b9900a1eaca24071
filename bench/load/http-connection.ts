import { connect, type Socket } from "node:net";
import { AnswerParser, type AnswerSink } from "./answer-parser.ts";

/** Called for the events of one request, as soon as its bytes have arrived. None may throw. */
export interface RequestHandler {
  /** Right before the request is written to an open socket. */
  sent(): void;
  /** Bytes have come; what is made of them follows at once. */
  arrived(): void;
  head(status: number, contentType: string): void;
  chunk(chunk: Buffer): void;
  /** Exactly one of `end` and `failed`, last. */
  end(): void;
  failed(error: Error): void;
}

/** Largest piece that is read at once. */
const readBytes = 64 * 1024;

/**
 * One keep-alive connection to one server, for one request at a time. A socket that the server closed is opened again
 * with the next request. Written for the timing thread: a request is one buffer that was encoded beforehand, and an answer
 * passes no stream, so that the client costs little beside the kernel. It never repeats a request.
 */
export class HttpConnection {
  readonly #place: { readonly host: string; readonly port: number };
  readonly #parser = new AnswerParser(idle);
  #socket: Socket | null = null;
  #handler: RequestHandler | null = null;
  #destroyed = false;

  constructor(place: { readonly host: string; readonly port: number }) {
    this.#place = place;
  }

  /** Opens the socket. Rejects when the server does not accept it. */
  open(): Promise<void> {
    return new Promise((resolve, reject) => {
      const socket = this.#connect(resolve);
      socket.once("error", reject);
    });
  }

  /** Sends one request; the one before must be over. */
  send(wire: Buffer, handler: RequestHandler): void {
    this.#handler = handler;
    this.#parser.begin({
      head: (status, contentType) => handler.head(status, contentType),
      chunk: (chunk) => handler.chunk(chunk),
      end: (reusable) => {
        if (!reusable) this.#drop();
        this.#handler = null;
        handler.end();
      },
    });
    const write = () => {
      if (this.#handler !== handler) return;
      handler.sent();
      this.#socket?.write(wire);
    };
    if (this.#socket === null) this.#connect(write);
    else write();
  }

  /** Ends the request that is on the way; its handler is told `error`. */
  abort(error: Error): void {
    this.#drop();
    this.#fail(error);
  }

  destroy(): void {
    this.#destroyed = true;
    this.abort(new Error("the connection was closed by the client"));
  }

  #connect(opened: () => void): Socket {
    // What is read lands in one buffer of the connection; chunks are copies, which live as long as the answer.
    const landing = Buffer.allocUnsafe(readBytes);
    const socket = connect({
      ...this.#place,
      noDelay: true,
      onread: {
        buffer: landing,
        callback: (bytes: number) => {
          if (this.#socket === socket) this.#read(Buffer.from(landing.subarray(0, bytes)));
          return true;
        },
      },
    });
    this.#socket = socket;
    // Nothing flows through the stream, but its end has to be read.
    socket.resume();
    socket.once("connect", opened);
    socket.on("error", (error) => this.#lost(socket, error));
    socket.on("end", () => this.#lost(socket, new Error("other side closed")));
    socket.on("close", () => this.#lost(socket, new Error("other side closed")));
    return socket;
  }

  #read(bytes: Buffer): void {
    this.#handler?.arrived();
    try {
      this.#parser.read(bytes);
    } catch (error) {
      this.abort(error instanceof Error ? error : new Error(String(error)));
    }
  }

  #lost(socket: Socket, error: Error): void {
    if (this.#socket !== socket) return;
    this.#drop();
    if (this.#handler !== null && !this.#parser.close()) this.#fail(error);
  }

  #drop(): void {
    this.#socket?.destroy();
    this.#socket = null;
  }

  #fail(error: Error): void {
    const handler = this.#handler;
    this.#handler = null;
    if (!this.#destroyed) handler?.failed(error);
  }
}

const idle: AnswerSink = { head: () => undefined, chunk: () => undefined, end: () => undefined };

/**
 * The bytes of a POST of JSON.
 * @throws {TypeError} for a field that HTTP does not allow
 */
export function encodePost(
  place: { readonly host: string; readonly path: string },
  request: { readonly headers: Readonly<Record<string, string>>; readonly body: Buffer },
): Buffer {
  const fields = Object.entries({
    host: place.host,
    ...request.headers,
    "content-length": String(request.body.length),
  });
  for (const [name, value] of fields) {
    if (!/^[\w!#$%&'*+.^`|~-]+$/.test(name) || !/^[\t\x20-\x7e\x80-\xff]*$/.test(value))
      throw new TypeError(`the header ${JSON.stringify(name)} cannot be sent: ${JSON.stringify(value)}`);
  }
  if (!/^\/[\x21-\x7e]*$/.test(place.path))
    throw new TypeError(`the path ${JSON.stringify(place.path)} cannot be sent`);
  const head = `POST ${place.path} HTTP/1.1\r\n${fields.map(([name, value]) => `${name}: ${value}\r\n`).join("")}\r\n`;
  return Buffer.concat([Buffer.from(head, "latin1"), request.body]);
}
