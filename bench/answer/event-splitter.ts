const [lineFeed, carriageReturn, colon] = [0x0a, 0x0d, 0x3a];
const byteOrderMark = "\uFEFF";
/** Comments, and fields of an event that say nothing about an answer. */
const otherField = /^(?::|(?:id|retry)(?::|$))/;
/** `event: NAME`, and the field `error`, which llama.cpp sends in place of `data`. */
const namedField = /^(event|error): ?(.*)$/s;

/** One server-sent event. */
export interface StreamEvent {
  readonly data: string;
  /** What its `event` field says; "" where it has none. */
  readonly name: string;
  /** Bytes from the beginning of the stream to the end of the last line of its data, with the first byte that ends the line. */
  readonly endByte: number;
  /** All its bytes, where it is one line of data and an empty one, and came in one piece; else null. */
  readonly bytes: Buffer | null;
}

export interface EventSink {
  event(event: StreamEvent): void;
  /**
   * Asked at the beginning of an event, before its bytes are looked at: where does this event end, if it is known already?
   * @param lineEnd position of the next end of a line
   * @param offset bytes of the stream before the piece
   * @returns `at` when it is not known
   */
  passOver?(piece: Buffer, at: number, place: { readonly lineEnd: number; readonly offset: number }): number;
}

/**
 * Splits a stream of server-sent events, whatever pieces it comes in and whether its lines end with LF, CR or CRLF. A
 * library would not say at which byte an event ends, and by that byte its stamp is found. A line that is no field, as of
 * an error page in place of a stream, is given out as an event of its own, so that nothing is lost.
 */
export class EventSplitter {
  readonly #sink: EventSink;
  /** Pieces of a line that has no end yet. */
  #held: Buffer[] = [];
  /** Bytes of the stream before the piece at hand. */
  #offset = 0;
  /** The last line ended with CR: an LF that follows belongs to it. */
  #returned = false;
  #name = "";
  #data: string[] = [];
  #endByte = 0;
  /** Where in the piece at hand the event began; -1: it is no plain one. */
  #eventStart = -1;

  constructor(sink: EventSink) {
    this.#sink = sink;
  }

  push(piece: Buffer): void {
    let from = this.#returned && piece[0] === lineFeed ? 1 : 0;
    if (piece.length > 0) this.#returned = false;
    this.#eventStart = -1;
    let [feed, back] = [piece.indexOf(lineFeed, from), piece.indexOf(carriageReturn, from)];
    while (feed !== -1 || back !== -1) {
      const end = back === -1 || (feed !== -1 && feed < back) ? feed : back;
      const next = end === back && feed === end + 1 ? end + 2 : end + 1;
      this.#returned = end === back && next === piece.length && next === end + 1;
      const isBetween = this.#isBetween();
      const isEmpty = isBetween && end === from;
      const known =
        isBetween && !isEmpty
          ? (this.#sink.passOver?.(piece, from, { lineEnd: end, offset: this.#offset }) ?? from)
          : from;
      if (known > from) {
        from = known;
        this.#returned = false;
      } else {
        if (isBetween) this.#eventStart = from;
        if (!isEmpty) this.#take(piece.subarray(from, end), this.#offset + end + 1, piece.subarray(0, next));
        from = next;
      }
      if (feed !== -1 && feed < from) feed = piece.indexOf(lineFeed, from);
      if (back !== -1 && back < from) back = piece.indexOf(carriageReturn, from);
    }
    if (from < piece.length) this.#held.push(piece.subarray(from));
    this.#offset += piece.length;
  }

  /** The stream is over, perhaps in the middle of an event. */
  end(): void {
    this.#eventStart = -1;
    if (this.#held.length > 0) this.#take(Buffer.alloc(0), this.#offset, null);
    this.#line("", this.#offset, null);
  }

  #isBetween(): boolean {
    return this.#held.length === 0 && this.#data.length === 0 && this.#name === "";
  }

  /** @param read the piece at hand up to the end of this line */
  #take(rest: Buffer, endByte: number, read: Buffer | null): void {
    const line = this.#held.length === 0 ? rest : Buffer.concat([...this.#held, rest]);
    const isFirst = endByte - line.length <= 1;
    this.#held = [];
    // A comment, without making text of it.
    if (line[0] === colon) {
      this.#eventStart = -1;
      return;
    }
    const text = line.toString("utf8");
    this.#line(isFirst && text.startsWith(byteOrderMark) ? text.slice(1) : text, endByte, read);
  }

  #line(line: string, endByte: number, read: Buffer | null): void {
    if (line.startsWith("data:") || line === "data") {
      if (this.#data.length > 0) this.#eventStart = -1;
      this.#data.push(line.slice(line[5] === " " ? 6 : 5));
      this.#endByte = endByte;
    } else if (line === "") this.#dispatch(read);
    else if (!otherField.test(line)) {
      this.#eventStart = -1;
      const [, field, value = ""] = namedField.exec(line) ?? [];
      if (field === "event") this.#name = value;
      else {
        this.#dispatch(null);
        const name = field === undefined ? "" : "error";
        this.#sink.event({ data: field === undefined ? line : value, name, endByte, bytes: null });
      }
    } else this.#eventStart = -1;
  }

  #dispatch(read: Buffer | null): void {
    const bytes = this.#eventStart === -1 || read === null ? null : read.subarray(this.#eventStart);
    const [data, name] = [this.#data, this.#name];
    this.#data = [];
    this.#name = "";
    this.#eventStart = -1;
    if (data.length > 0 || name === "error")
      this.#sink.event({ data: data.join("\n"), name, endByte: this.#endByte, bytes });
  }
}
