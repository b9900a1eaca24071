import { WireError, type Framing } from "./head.ts";

/** Called for the parts of one message. */
export interface MessageSink {
  /** The head, without its empty line, one character a byte. Says how the body ends; "interim": another head follows. */
  head(text: string): Framing | "interim";
  /**
   * Bytes of the body. `raw` is all that was read, lengths of chunks and trailers included: passed on, it is the same body
   * for the next reader. `data` is what it carries. All point into what was given to `read`.
   */
  body(raw: Buffer, data: readonly Buffer[]): void;
  end(): void;
}

const headBytesMax = 64 * 1024;
const lineBytesMax = 4 * 1024;
const headEnd = Buffer.from("\r\n\r\n");
const [carriageReturn, lineFeed] = [13, 10];
const needsMore = -1;

/** What the next bytes are. */
type State = "head" | "length" | "close" | "chunk-size" | "chunk" | "chunk-end" | "trailer" | "over";

/**
 * Reads the messages of one side of a connection, one at a time: heads, bodies by length, in chunks or until the connection
 * ends. It copies nothing but the part of a head or line that was cut, and goes over every byte of framing once.
 */
export class MessageParser {
  #sink: MessageSink | null = null;
  #state: State = "over";
  #held: Buffer | null = null;
  /** Bytes of a body or chunk that are still to come. */
  #remaining = 0;
  #trailerBytes = 0;
  #data: Buffer[] = [];

  /** From now on the next message is expected. */
  begin(sink: MessageSink): void {
    this.#sink = sink;
    this.#state = "head";
    this.#held = null;
  }

  /** Whether nothing of the message has come yet. */
  get isFresh(): boolean {
    return this.#state === "head" && this.#held === null;
  }

  get isOver(): boolean {
    return this.#state === "over";
  }

  /**
   * Bytes as they came. They must stay as they are: what the sink is given points into them.
   * @returns what follows the end of the message; null where it has not ended or nothing does
   * @throws {WireError}
   */
  read(arrived: Buffer): Buffer | null {
    const bytes = this.#held === null ? arrived : Buffer.concat([this.#held, arrived]);
    this.#held = null;
    let at = 0;
    let bodyFrom = this.#state === "head" ? needsMore : 0;
    while (at < bytes.length && this.#state !== "over") {
      const inHead = this.#state === "head";
      const next = this.#stepOrRefuse(bytes, { at, bodyFrom });
      if (next === needsMore) {
        this.#passBody(bytes, bodyFrom, at);
        this.#hold(bytes.subarray(at));
        return null;
      }
      if (inHead && this.#state !== "head") bodyFrom = next;
      at = next;
    }
    this.#passBody(bytes, bodyFrom, at);
    if (this.#state !== "over") return null;
    this.#end();
    return at < bytes.length ? bytes.subarray(at) : null;
  }

  /** The connection is at its end. True when that is how the message ends; it is then over. */
  close(): boolean {
    if (this.#state !== "close") return false;
    this.#state = "over";
    this.#end();
    return true;
  }

  #end(): void {
    const sink = this.#sink;
    this.#sink = null;
    sink?.end();
  }

  #passBody(bytes: Buffer, from: number, to: number): void {
    if (from === needsMore || to <= from) return;
    const data = this.#data;
    this.#data = [];
    this.#sink?.body(from === 0 && to === bytes.length ? bytes : bytes.subarray(from, to), data);
  }

  #hold(rest: Buffer): void {
    const most = this.#state === "head" ? headBytesMax : lineBytesMax;
    if (rest.length > most) throw new WireError(`a head or line is longer than ${most} bytes`, 431);
    this.#held = rest;
  }

  /** What came before bytes that are refused is given on: the next reader is to see as much as this one. */
  #stepOrRefuse(bytes: Buffer, { at, bodyFrom }: { readonly at: number; readonly bodyFrom: number }): number {
    try {
      return this.#step(bytes, at);
    } catch (error) {
      this.#passBody(bytes, bodyFrom, at);
      throw error;
    }
  }

  /** Reads one part that begins at `at` and returns where it ends. */
  #step(bytes: Buffer, at: number): number {
    switch (this.#state) {
      case "head":
        return this.#head(bytes, at);
      case "close":
        this.#data.push(at === 0 ? bytes : bytes.subarray(at));
        return bytes.length;
      case "length":
      case "chunk":
        return this.#counted(bytes, at);
      case "chunk-size":
        return this.#chunkSize(bytes, at);
      case "chunk-end":
        if (bytes.length - at < 2) return needsMore;
        if (bytes[at] !== carriageReturn || bytes[at + 1] !== lineFeed)
          throw new WireError("a chunk is longer than its size");
        this.#state = "chunk-size";
        return at + 2;
      case "trailer":
        return this.#trailer(bytes, at);
      case "over":
        throw new WireError("there are bytes that belong to no message");
    }
  }

  #head(bytes: Buffer, at: number): number {
    // An empty line before a head is somebody's careless end of the message before.
    if (bytes[at] === carriageReturn) {
      if (bytes.length - at < 2) return needsMore;
      if (bytes[at + 1] !== lineFeed) throw new WireError("a message begins with a carriage return");
      return at + 2;
    }
    const end = bytes.indexOf(headEnd, at);
    if (end < 0) return needsMore;
    if (end - at > headBytesMax) throw new WireError(`a head is longer than ${headBytesMax} bytes`, 431);
    const framing = this.#sink?.head(bytes.toString("latin1", at, end)) ?? "interim";
    if (framing !== "interim") this.#begin(framing);
    return end + headEnd.length;
  }

  #begin(framing: Framing): void {
    switch (framing.kind) {
      case "none":
        this.#state = "over";
        return;
      case "length":
        this.#state = "length";
        this.#remaining = framing.bytes;
        return;
      case "chunked":
        this.#state = "chunk-size";
        this.#trailerBytes = 0;
        return;
      case "close":
        this.#state = "close";
    }
  }

  #counted(bytes: Buffer, at: number): number {
    const end = Math.min(bytes.length, at + this.#remaining);
    this.#remaining -= end - at;
    this.#data.push(bytes.subarray(at, end));
    if (this.#remaining === 0) this.#state = this.#state === "chunk" ? "chunk-end" : "over";
    return end;
  }

  /** Hexadecimal digits, perhaps followed by extensions, which mean nothing to us. */
  #chunkSize(bytes: Buffer, at: number): number {
    const end = bytes.indexOf(lineFeed, at);
    if (end < 0) return needsMore;
    const line = bytes.toString("latin1", at, end);
    const [, digits] = /^([\da-f]{1,12})[\t ]*(?:;[\t\x20-\x7e\x80-\xff]*)?\r$/i.exec(line) ?? [];
    if (digits === undefined)
      throw new WireError(`a chunk has the size ${JSON.stringify(line.slice(0, 40))}`);
    this.#remaining = Number.parseInt(digits, 16);
    this.#state = this.#remaining === 0 ? "trailer" : "chunk";
    return end + 1;
  }

  /** Fields after the last chunk; an empty line ends them. */
  #trailer(bytes: Buffer, at: number): number {
    const end = bytes.indexOf(lineFeed, at);
    if (end < 0) return needsMore;
    this.#trailerBytes += end - at;
    if (this.#trailerBytes > headBytesMax)
      throw new WireError(`trailers are longer than ${headBytesMax} bytes`, 431);
    const line = bytes.toString("latin1", at, end);
    if (!/^(?:[!#$%&'*+.^_`|~\w-]+:[\t\x20-\x7e\x80-\xff]*)?\r$/.test(line))
      throw new WireError(`a trailer has the line ${JSON.stringify(line.slice(0, 40))}`);
    if (line === "\r") this.#state = "over";
    return end + 1;
  }
}
