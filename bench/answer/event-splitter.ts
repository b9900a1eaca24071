const newline = 0x0a;
/** Comments, and fields of an event that say nothing about an answer. */
const otherField = /^(?::|(?:event|id|retry)(?::|$))/;

/**
 * Splits a stream of server-sent events into the data of each, whatever pieces it comes in. A library would not say at
 * which byte an event ends, and by that byte its stamp is found. A line that is no field, as of an error page in place of
 * a stream, is given out as an event of its own, so that nothing is lost.
 */
export class EventSplitter {
  readonly #onEvent: (data: string, endByte: number) => void;
  /** Pieces of a line that has no end yet. */
  #held: Buffer[] = [];
  /** Position in the stream of the line that comes next. */
  #at: number;
  #data: string[] = [];
  #endByte = 0;

  /**
   * @param onEvent told where the last line of its data ends, in bytes from the beginning of the stream
   * @param at position in the stream of the first piece
   */
  constructor(onEvent: (data: string, endByte: number) => void, at = 0) {
    this.#onEvent = onEvent;
    this.#at = at;
  }

  push(piece: Buffer): void {
    let from = 0;
    for (let end = piece.indexOf(newline); end !== -1; end = piece.indexOf(newline, from)) {
      this.#take(piece.subarray(from, end), 1);
      from = end + 1;
    }
    if (from < piece.length) this.#held.push(piece.subarray(from));
  }

  /** The stream is over, perhaps in the middle of an event. */
  end(): void {
    this.#take(Buffer.alloc(0), 0);
    this.#line("", 0);
  }

  /** @param endLength of the line's end: 0 where the stream ended without one */
  #take(rest: Buffer, endLength: number): void {
    const line = this.#held.length === 0 ? rest : Buffer.concat([...this.#held, rest]);
    this.#held = [];
    this.#at += line.length + endLength;
    if (line.length + endLength > 0) this.#line(line.toString("utf8"), this.#at);
  }

  #line(ended: string, endByte: number): void {
    const line = ended.endsWith("\r") ? ended.slice(0, -1) : ended;
    if (line.startsWith("data:") || line === "data") {
      this.#data.push(line.slice(line[5] === " " ? 6 : 5));
      this.#endByte = endByte;
    } else if (!otherField.test(line)) {
      if (this.#data.length > 0) this.#onEvent(this.#data.join("\n"), this.#endByte);
      this.#data = [];
      if (line !== "") this.#onEvent(line, endByte);
    }
  }
}
