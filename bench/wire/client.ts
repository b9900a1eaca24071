import { connect, isIP, type Socket } from "node:net";
import { connect as connectSecurely } from "node:tls";
import {
  fieldValues,
  readResponseHead,
  responseFraming,
  staysOpen,
  WireError,
  type Framing,
  type ResponseHead,
} from "./head.ts";
import { MessageParser, type MessageSink } from "./message-parser.ts";
import { refusalAfterEnd } from "./reset.ts";

/** Takes what becomes of one request. None may throw. */
export interface ResponseSink {
  /** The socket is open, and the request is written next. */
  sent(): void;
  /** Bytes have come; what is made of them follows at once. */
  arrived(): void;
  head(head: ResponseHead, framing: Framing): void;
  /** As `MessageSink.body`. */
  body(raw: Buffer, data: readonly Buffer[]): void;
  /** The server can take more of the request. */
  drained(): void;
  /** Exactly one of `end` and `failed`, last. */
  end(): void;
  failed(error: Error): void;
}

/** Who is told of a connection, whatever request it carries. */
export interface ClientObserver {
  opened(): void;
  /** The server closed it while nothing was asked, that long after its last answer. */
  closedByServer(afterAnswerMs: number): void;
}

/** Where a server is. */
export interface ServerPlace {
  readonly host: string;
  readonly port: number;
  readonly secure: boolean;
}

/** Largest piece that is read at once. */
const readBytes = 64 * 1024;
/** Before the five seconds after which uvicorn closes an idle connection, as undici and most clients do. */
const idleMsDefault = 4_000;
const connectMs = 10_000;
/** Servers that work for long send one now and then. */
const interimHeadsMax = 1_000;

/**
 * One keep-alive connection to one server, for one request at a time. A socket that the server closed is opened again with
 * the next request. It never repeats a request.
 */
export class ClientConnection {
  readonly #place: ServerPlace;
  readonly #observer: ClientObserver | null;
  readonly #parser = new MessageParser();
  #socket: Socket | null = null;
  #sink: ResponseSink | null = null;
  #method = "GET";
  #isOpen = false;
  #answers = 0;
  #interimHeads = 0;
  #reusable = true;
  #requestOver = true;
  #idleSinceMs = 0;
  #idleUntilMs = 0;
  #idleMs = idleMsDefault;
  #waiting: Buffer[] = [];
  #destroyed = false;

  constructor(place: ServerPlace, observer: ClientObserver | null = null) {
    this.#place = place;
    this.#observer = observer;
  }

  get isOpen(): boolean {
    return this.#isOpen;
  }

  /** Whether the socket that is open has carried an answer. */
  get isUsed(): boolean {
    return this.#answers > 0;
  }

  /** When its last answer ended, on `performance.now`. */
  get idleSinceMs(): number {
    return this.#idleSinceMs;
  }

  /** When the server may close it, as far as it has said. */
  get idleUntilMs(): number {
    return this.#idleUntilMs;
  }

  /** Opens the socket. Rejects when the server does not accept it. */
  open(): Promise<void> {
    return new Promise((resolve, reject) => {
      const socket = this.#connect(resolve);
      socket.once("error", reject);
    });
  }

  /**
   * Begins a request, which goes on with `write` up to `finish`. The one before must be over. Returns what `write` does.
   * @param first go out together
   */
  begin(
    first: readonly Buffer[],
    request: { readonly method: string; readonly sink: ResponseSink },
  ): boolean {
    this.#sink = request.sink;
    this.#method = request.method;
    this.#requestOver = false;
    this.#interimHeads = 0;
    this.#parser.begin(this.#reader);
    if (this.#socket === null) {
      this.#waiting = [...first];
      this.#connect(() => this.#opened());
      return true;
    }
    request.sink.sent();
    return writeTogether(this.#socket, first);
  }

  /** False when the server should be given time; `drained` follows. */
  write(raw: Buffer): boolean {
    if (this.#isOpen) return this.#socket?.write(raw) ?? true;
    this.#waiting.push(raw);
    return false;
  }

  finish(): void {
    this.#requestOver = true;
  }

  /** A whole request. */
  send(wire: Buffer, request: { readonly method: string; readonly sink: ResponseSink }): void {
    this.begin([wire], request);
    this.finish();
  }

  pause(): void {
    this.#socket?.pause();
  }

  resume(): void {
    this.#socket?.resume();
  }

  /** Ends the request that is on the way; its sink is told `error`. */
  abort(error: Error): void {
    this.#drop();
    this.#fail(error);
  }

  destroy(): void {
    this.#destroyed = true;
    this.abort(new Error("the connection was closed by the client"));
  }

  readonly #reader: MessageSink = {
    head: (text) => {
      const head = readResponseHead(text);
      if (head.status === 101)
        throw new WireError("the server changes to another protocol, for which nobody asked");
      // Informational heads belong to the hop.
      if (head.status < 200) {
        this.#interimHeads += 1;
        if (this.#interimHeads > interimHeadsMax)
          throw new WireError(`the server sent more than ${interimHeadsMax} informational heads`);
        return "interim";
      }
      const framing = responseFraming(head, this.#method);
      this.#reusable = framing.kind !== "close" && staysOpen(head);
      this.#idleMs = idleMs(head);
      this.#sink?.head(head, framing);
      return framing;
    },
    body: (raw, data) => this.#sink?.body(raw, data),
    end: () => this.#end(),
  };

  #end(): void {
    const sink = this.#sink;
    this.#sink = null;
    this.#answers += 1;
    this.#idleSinceMs = performance.now();
    this.#idleUntilMs = this.#idleSinceMs + this.#idleMs;
    // What is left of a request whose answer came early would be the next request's beginning.
    if (!this.#reusable || !this.#requestOver) this.#drop();
    // A pause was for the answer that is over: nobody is left who would end it, and the next answer would never be read.
    this.resume();
    sink?.end();
  }

  #connect(opened: () => void): Socket {
    // What is read lands in one buffer of the connection; what is given on is a copy, which lives as long as it is needed.
    const landing = Buffer.allocUnsafeSlow(readBytes);
    const { secure, ...address } = this.#place;
    const servername = isIP(address.host) === 0 ? address.host : "";
    const options = {
      ...address,
      noDelay: true,
      // Where the server ends first, this side asks once more before it does; see `refusalAfterEnd`.
      allowHalfOpen: true,
      onread: {
        buffer: landing,
        callback: (bytes: number) => {
          if (this.#socket === socket) this.#read(Buffer.from(landing.subarray(0, bytes)));
          return true;
        },
      },
    };
    const socket: Socket = secure
      ? connectSecurely({ ...options, ...(servername !== "" && { servername }) })
      : connect(options);
    this.#socket = socket;
    socket.setTimeout(connectMs, () => socket.destroy(new Error(`no connection within ${connectMs} ms`)));
    // Nothing flows through the stream, but its end has to be read.
    socket.resume();
    socket.once(secure ? "secureConnect" : "connect", () => {
      socket.setTimeout(0);
      if (this.#socket !== socket) return;
      this.#isOpen = true;
      this.#answers = 0;
      this.#observer?.opened();
      opened();
    });
    socket.on("drain", () => this.#socket === socket && this.#sink?.drained());
    socket.on("error", (error) => this.#lost(socket, error));
    socket.on("end", () => {
      if (this.#socket === socket)
        this.#lost(socket, refusalAfterEnd(socket) ?? new Error("other side closed"));
    });
    socket.on("close", () => this.#lost(socket, new Error("other side closed")));
    return socket;
  }

  #opened(): void {
    const waiting = this.#waiting;
    this.#waiting = [];
    this.#sink?.sent();
    if (this.#socket !== null) writeTogether(this.#socket, waiting);
    if (waiting.length > 1) this.#sink?.drained();
  }

  #read(bytes: Buffer): void {
    this.#sink?.arrived();
    try {
      const rest = this.#parser.read(bytes);
      if (rest !== null) throw new WireError("the server sent bytes that belong to no answer");
    } catch (error) {
      this.abort(error instanceof Error ? error : new Error(String(error)));
    }
  }

  #lost(socket: Socket, error: Error): void {
    if (this.#socket !== socket) return;
    const wasIdle = this.#isOpen && this.#sink === null && this.isUsed;
    this.#drop();
    if (wasIdle) this.#observer?.closedByServer(performance.now() - this.#idleSinceMs);
    if (this.#sink !== null && !this.#parser.close()) this.#fail(error);
  }

  #drop(): void {
    this.#isOpen = false;
    this.#waiting = [];
    this.#reusable = true;
    this.#socket?.destroy();
    this.#socket = null;
  }

  #fail(error: Error): void {
    const sink = this.#sink;
    this.#sink = null;
    if (!this.#destroyed) sink?.failed(error);
  }
}

/** One packet where it fits, without a copy: of bodies of 40 kB copies were what made a tap collect garbage for 70 ms at a time. */
function writeTogether(socket: Socket, pieces: readonly Buffer[]): boolean {
  socket.cork();
  let flows = true;
  for (const piece of pieces) flows = socket.write(piece);
  socket.uncork();
  return flows;
}

/** How long the connection may be used again: as long as the server says, a second less for the way there. */
function idleMs({ fields }: ResponseHead): number {
  const seconds = /timeout=(\d+)/i.exec(fieldValues(fields, "keep-alive").join())?.[1];
  return seconds === undefined ? idleMsDefault : Math.max(0, Math.min(Number(seconds), 3_600) * 1000 - 1000);
}
