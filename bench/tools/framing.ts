/**
 * Newline-delimited JSON over a byte stream. One frame is one JSON value on one line; blank lines are ignored and the
 * last line of a stream needs no newline. A bad line costs that line only: the next newline is always a fresh start.
 */
export type Frame =
  | { readonly kind: "value"; readonly value: unknown }
  | { readonly kind: "malformed"; readonly reason: string }
  /** The line is longer than the limit; the rest of it is discarded as it arrives. */
  | { readonly kind: "oversize"; readonly limitBytes: number };

export const defaultMaxFrameBytes = 8 * 1024 * 1024;

const newline = 0x0a;
const utf8 = new TextDecoder("utf-8", { fatal: true });

/** Encodes one value as a line. JSON escapes every newline inside strings, so the line cannot break. */
export function encodeFrame(value: object): Buffer {
  return Buffer.from(`${JSON.stringify(value)}\n`, "utf8");
}

/** Cuts a byte stream into frames, whatever the chunking. Memory is bounded by `maxFrameBytes` plus one chunk. */
export class FrameDecoder {
  readonly #maxFrameBytes: number;
  #parts: Uint8Array[] = [];
  #pendingBytes = 0;
  #discarding = false;

  constructor(maxFrameBytes: number = defaultMaxFrameBytes) {
    this.#maxFrameBytes = maxFrameBytes;
  }

  /** Frames that this chunk completes, in order. The chunk is kept, not copied: its bytes must not change afterwards. */
  push(chunk: Uint8Array): Frame[] {
    const frames: Frame[] = [];
    let from = 0;
    for (let at = chunk.indexOf(newline); at !== -1; at = chunk.indexOf(newline, from)) {
      this.#append(chunk.subarray(from, at), frames);
      this.#finishLine(frames);
      from = at + 1;
    }
    this.#append(chunk.subarray(from), frames);
    return frames;
  }

  /** The stream ended: what is left is a frame without its newline. */
  end(): Frame[] {
    const frames: Frame[] = [];
    this.#finishLine(frames);
    return frames;
  }

  #append(bytes: Uint8Array, frames: Frame[]): void {
    if (this.#discarding || bytes.length === 0) return;
    if (this.#pendingBytes + bytes.length > this.#maxFrameBytes) {
      this.#discarding = true;
      this.#parts = [];
      this.#pendingBytes = 0;
      frames.push({ kind: "oversize", limitBytes: this.#maxFrameBytes });
      return;
    }
    this.#parts.push(bytes);
    this.#pendingBytes += bytes.length;
  }

  #finishLine(frames: Frame[]): void {
    const parts = this.#parts;
    const only = parts[0];
    const line = parts.length === 1 && only !== undefined ? only : Buffer.concat(parts, this.#pendingBytes);
    this.#parts = [];
    this.#pendingBytes = 0;
    this.#discarding = false;
    if (!isBlank(line)) frames.push(parseLine(line));
  }
}

function parseLine(line: Uint8Array): Frame {
  let text: string;
  try {
    text = utf8.decode(line);
  } catch {
    return { kind: "malformed", reason: "the line is not valid UTF-8" };
  }
  try {
    return { kind: "value", value: JSON.parse(text) as unknown };
  } catch (cause) {
    return { kind: "malformed", reason: `the line is not JSON: ${(cause as SyntaxError).message}` };
  }
}

/** Space, tab or carriage return only. */
function isBlank(line: Uint8Array): boolean {
  return line.every((byte) => byte === 0x20 || byte === 0x09 || byte === 0x0d);
}
