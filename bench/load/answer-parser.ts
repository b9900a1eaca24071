/** Called for the parts of one HTTP answer. */
export interface AnswerSink {
  /** Once, for the final head; informational ones are passed over. */
  head(status: number, contentType: string): void;
  /** A piece of the body, as the server framed it or as it was read. */
  chunk(chunk: Buffer): void;
  /** Once, last. `reusable`: the connection may carry another request. */
  end(reusable: boolean): void;
}

const heldBytesMax = 64 * 1024;
const headEnd = Buffer.from("\r\n\r\n");
const [carriageReturn, lineFeed] = [13, 10];

/** The peer did not speak HTTP/1.1 as RFC 9112 has it. */
export class AnswerError extends Error {}

/** What the next bytes are. */
type State = "head" | "body" | "until-close" | "chunk-size" | "chunk" | "chunk-end" | "trailer" | "over";

const needsMore = -1;

/**
 * Reads the answers of one connection, one at a time: heads, bodies by length, in chunks or until the connection ends.
 * It copies nothing but the part of a head or line that was cut, and goes over every byte of framing once.
 */
export class AnswerParser {
  #sink: AnswerSink;
  #state: State = "over";
  #held: Buffer | null = null;
  /** Bytes of a body or chunk that are still to come. */
  #remaining = 0;
  #reusable = true;

  constructor(sink: AnswerSink) {
    this.#sink = sink;
  }

  /** From now on the next answer is expected. */
  begin(sink: AnswerSink): void {
    this.#sink = sink;
    this.#state = "head";
    this.#held = null;
    this.#reusable = true;
  }

  /** Bytes as they came; they must stay unchanged, because chunks point into them. @throws {AnswerError} */
  read(arrived: Buffer): void {
    const bytes = this.#held === null ? arrived : Buffer.concat([this.#held, arrived]);
    this.#held = null;
    let at = 0;
    while (at < bytes.length) {
      const next = this.#step(bytes, at);
      if (next === needsMore) {
        if (bytes.length - at > heldBytesMax)
          throw new AnswerError("a head or line of the answer is too long");
        this.#held = bytes.subarray(at);
        return;
      }
      at = next;
    }
  }

  /** The connection is at its end. True when that is how the answer ends; it is then over. */
  close(): boolean {
    if (this.#state !== "until-close") return false;
    this.#finish(false);
    return true;
  }

  /** Reads one part that begins at `at` and returns where it ends. */
  #step(bytes: Buffer, at: number): number {
    switch (this.#state) {
      case "head":
        return this.#head(bytes, at);
      case "until-close":
        this.#sink.chunk(at === 0 ? bytes : bytes.subarray(at));
        return bytes.length;
      case "body":
      case "chunk":
        return this.#body(bytes, at);
      case "chunk-size":
        return this.#chunkSize(bytes, at);
      case "chunk-end":
        if (bytes.length - at < 2) return needsMore;
        if (bytes[at] !== carriageReturn || bytes[at + 1] !== lineFeed)
          throw new AnswerError("a chunk of the answer is longer than its size");
        this.#state = "chunk-size";
        return at + 2;
      case "trailer":
        return this.#trailer(bytes, at);
      case "over":
        throw new AnswerError("the server sent bytes that belong to no answer");
    }
  }

  #head(bytes: Buffer, at: number): number {
    const end = bytes.indexOf(headEnd, at);
    if (end < 0) return needsMore;
    const head = bytes.toString("latin1", at, end);
    const [, version, code] = /^HTTP\/1\.([01]) (\d{3})(?: |\r|$)/.exec(head) ?? [];
    if (code === undefined)
      throw new AnswerError(`the answer begins with ${JSON.stringify(head.slice(0, 40))}`);
    const status = Number(code);
    if (status >= 200) this.#finalHead(head, { status, isOld: version === "0" });
    return end + headEnd.length;
  }

  #finalHead(head: string, { status, isOld }: { readonly status: number; readonly isOld: boolean }): void {
    const connection = fieldOf(head, "connection").toLowerCase();
    this.#reusable = isOld ? connection.includes("keep-alive") : !connection.includes("close");
    this.#sink.head(status, fieldOf(head, "content-type"));
    const length = fieldOf(head, "content-length");
    if (status === 204 || status === 304) this.#finish(this.#reusable);
    else if (fieldOf(head, "transfer-encoding").toLowerCase().includes("chunked")) this.#state = "chunk-size";
    else if (length === "") this.#state = "until-close";
    else if (!/^\d+$/.test(length))
      throw new AnswerError(`the answer's content-length is ${JSON.stringify(length)}`);
    else if (Number(length) === 0) this.#finish(this.#reusable);
    else {
      this.#state = "body";
      this.#remaining = Number(length);
    }
  }

  #body(bytes: Buffer, at: number): number {
    const end = Math.min(bytes.length, at + this.#remaining);
    this.#remaining -= end - at;
    this.#sink.chunk(bytes.subarray(at, end));
    if (this.#remaining > 0) return end;
    if (this.#state === "chunk") this.#state = "chunk-end";
    else this.#finish(this.#reusable);
    return end;
  }

  /** Hexadecimal digits, perhaps followed by extensions, which are ignored. */
  #chunkSize(bytes: Buffer, at: number): number {
    const end = bytes.indexOf(lineFeed, at);
    if (end < 0) return needsMore;
    let size = 0;
    let next = at;
    for (let digit = hexDigit(bytes[next]); digit >= 0; digit = hexDigit(bytes[next])) {
      size = size * 16 + digit;
      next += 1;
    }
    if (next === at || next - at > 12) throw new AnswerError("a chunk of the answer has no size");
    this.#remaining = size;
    this.#state = size === 0 ? "trailer" : "chunk";
    return end + 1;
  }

  /** Fields after the last chunk; an empty line ends them. */
  #trailer(bytes: Buffer, at: number): number {
    const end = bytes.indexOf(lineFeed, at);
    if (end < 0) return needsMore;
    if (end - at <= 1) this.#finish(this.#reusable);
    return end + 1;
  }

  #finish(reusable: boolean): void {
    this.#state = "over";
    this.#sink.end(reusable);
  }
}

/** -1 for what is no hexadecimal digit. */
function hexDigit(byte: number | undefined): number {
  if (byte === undefined) return -1;
  if (byte >= 48 && byte <= 57) return byte - 48;
  const letter = byte | 32;
  return letter >= 97 && letter <= 102 ? letter - 87 : -1;
}

/** A field of a head, trimmed; "" when it is not there. Of several the first. */
function fieldOf(head: string, name: keyof typeof fieldPatterns): string {
  return fieldPatterns[name].exec(head)?.[1]?.trim() ?? "";
}

const fieldPatterns = {
  connection: /\r\nconnection:([^\r]*)/i,
  "content-type": /\r\ncontent-type:([^\r]*)/i,
  "content-length": /\r\ncontent-length:([^\r]*)/i,
  "transfer-encoding": /\r\ntransfer-encoding:([^\r]*)/i,
} as const;
