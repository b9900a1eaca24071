import type { Answer, AnswerEnds } from "./answer.ts";
import { whyIncomplete } from "./complete.ts";
import { EventSplitter } from "./event-splitter.ts";
import { Draft, readEvent, shown } from "./forms.ts";

const space = 0x20;
const brace = 0x7b;

/**
 * Reads the answer of a model server as its pieces come: chat completions, completions or SGLang's `/generate`, in one
 * piece or as a stream of events. It never fails: what cannot be read is counted, and the first of it is kept.
 */
export class AnswerReader {
  readonly #draft = new Draft();
  readonly #onEvent = (data: string, endByte: number) => this.#event(data, endByte);
  #splitter = new EventSplitter(this.#onEvent);
  /** An answer in one piece begins with a brace; undefined until there is a first character. */
  #whole: Buffer[] | null | undefined;
  #done = false;
  #unreadable = { count: 0, first: null as string | null };
  #tokenEvents = 0;
  #firstTokenEndByte: number | null = null;
  #lastTokenEndByte: number | null = null;

  /** Bytes up to the end of the last event so far that carries tokens. */
  get lastTokenEndByte(): number | null {
    return this.#lastTokenEndByte;
  }

  push(piece: Buffer): void {
    const first = this.#whole === undefined ? piece.find((byte) => byte > space) : undefined;
    if (first !== undefined) this.#whole = first === brace ? [] : null;
    if (this.#whole) this.#whole.push(piece);
    else this.#splitter.push(piece);
  }

  /** The next piece is that of an event which begins at `position`; what lies before it is left out. */
  skipTo(position: number): void {
    this.#splitter = new EventSplitter(this.#onEvent, position);
  }

  end(): Answer {
    this.#splitter.end();
    if (this.#whole) this.#done = this.#read(Buffer.concat(this.#whole).toString("utf8").trim());
    const { carriesTokens: _event, odd: _odd, framesRepeat: _frames, calls, ...said } = this.#draft;
    return {
      ...said,
      calls: calls.calls,
      tokenEvents: this.#tokenEvents,
      unreadable: this.#unreadable,
      incomplete: whyIncomplete(said, this.#done),
      firstTokenEndByte: this.#firstTokenEndByte,
      lastTokenEndByte: this.#lastTokenEndByte,
    };
  }

  #event(data: string, endByte: number): void {
    const text = data.trim();
    if (text === "[DONE]") this.#done = true;
    else if (text !== "") this.#read(text);
    if (!this.#draft.carriesTokens) return;
    this.#draft.carriesTokens = false;
    this.#tokenEvents += 1;
    this.#firstTokenEndByte ??= endByte;
    this.#lastTokenEndByte = endByte;
  }

  /** False where the text is no JSON object. */
  #read(text: string): boolean {
    const draft = this.#draft;
    const json = parsed(text);
    if (json === undefined) draft.odd = `no JSON object: ${shown(text)}`;
    else readEvent(draft, json);
    const { count, first } = this.#unreadable;
    if (draft.odd !== null) this.#unreadable = { count: count + 1, first: first ?? draft.odd };
    draft.odd = null;
    return json !== undefined;
  }
}

function parsed(text: string): unknown {
  // A page of text has many lines, and each would be an exception.
  if (!text.startsWith("{") && text !== "null") return undefined;
  try {
    return JSON.parse(text);
  } catch {
    return undefined; // The reader counts it.
  }
}

/** Reads all of an answer. */
export function readAnswer(body: Buffer | string): Answer {
  const reader = new AnswerReader();
  reader.push(typeof body === "string" ? Buffer.from(body) : body);
  return reader.end();
}

/**
 * Reads the two ends of a stream: the blocks up to its first tokens, and its last block. What lies between costs nothing.
 * An answer that is short or in one piece is read whole.
 */
export function readEnds(body: Buffer, blockBytes = 1_024): AnswerEnds {
  const reader = new AnswerReader();
  let at = 0;
  for (; at < body.length && reader.lastTokenEndByte === null; at += blockBytes)
    reader.push(body.subarray(at, at + blockBytes));
  const lastEvents = body.indexOf("\n\n", Math.max(at, body.length - blockBytes));
  const skips = lastEvents !== -1;
  const tail = lastEvents + 2;
  if (skips) reader.skipTo(tail);
  reader.push(body.subarray(skips ? tail : at));
  const ends = reader.end();
  return skips && (ends.lastTokenEndByte ?? 0) < tail ? readEnds(body, 4 * blockBytes) : ends;
}
