import { setImmediate as nextTurn } from "node:timers/promises";
import type { Answer } from "./answer.ts";
import { whyIncomplete } from "./complete.ts";
import { EventSplitter, type EventSink, type StreamEvent } from "./event-splitter.ts";
import { EventTemplate } from "./event-template.ts";
import { Draft } from "./draft.ts";
import { keepAlive, readEvent } from "./forms.ts";
import { parsed, shown } from "./json.ts";

const space = 0x20;
/** `{` and `[`: an answer in one piece. */
const opening = new Set([0x7b, 0x5b]);
const byteOrderMark = new Set([0xef, 0xbb, 0xbf]);
const doneText = /^"?\[?\s*done\s*\]?"?$/i;
/** Events that look for a template in vain cost more than they save. */
const templatesTriedMax = 16;
const templatesKept = 3;

/**
 * Reads the answer of a model server as its pieces come: chat completions, completions, SGLang's `/generate` or Ollama's
 * `/api/chat`, in one piece, as a stream of events or as lines. It never fails: what cannot be read is counted, and the first
 * of it is kept.
 */
export class AnswerReader implements EventSink {
  readonly #draft = new Draft();
  readonly #splitter = new EventSplitter(this);
  /** An answer in one piece begins with a brace; undefined until there is a first character. */
  #whole: Buffer[] | null | undefined;
  readonly #templates: EventTemplate[] = [];
  #templatesTried = 0;
  #unreadable = { count: 0, first: null as string | null };
  #tokenEvents = 0;
  #firstTokenEndByte: number | null = null;
  #lastTokenEndByte: number | null = null;

  push(piece: Buffer): void {
    const first =
      this.#whole === undefined ? piece.find((byte) => byte > space && !byteOrderMark.has(byte)) : undefined;
    if (first !== undefined) this.#whole = opening.has(first) ? [] : null;
    if (this.#whole) this.#whole.push(piece);
    else this.#splitter.push(piece);
  }

  /**
   * Nothing follows: an answer in one piece is read. Returns what is to be pushed again, because it only began like one and is an answer
   * of lines. Whoever has to share the thread calls it before `end`, which else reads all of that in one go.
   */
  settle(): readonly Buffer[] {
    const pieces = this.#whole ?? [];
    this.#whole = null;
    return pieces.length > 0 && !this.#readWhole(pieces) ? pieces : [];
  }

  end(): Answer {
    for (const piece of this.settle()) this.push(piece);
    this.#splitter.end();
    const { text, reasoning, calls, usage: reports, finish, error, done } = this.#draft;
    const { responseId, model, fingerprint, begun } = this.#draft;
    const { calls: made, odd } = calls.read(finish);
    for (const one of odd) this.#addUnreadable(one);
    const said = { text, reasoning, calls: made, tokenEvents: this.#tokenEvents };
    const { usage, impossible } = reports.read(said);
    return {
      ...said,
      responseId,
      model,
      fingerprint,
      begun,
      finish,
      usage,
      impossibleUsage: impossible,
      error,
      unreadable: this.#unreadable,
      done,
      incomplete: whyIncomplete({ finish, error }, done),
      firstTokenEndByte: this.#firstTokenEndByte,
      lastTokenEndByte: this.#lastTokenEndByte,
    };
  }

  event({ data, name, endByte, bytes }: StreamEvent): void {
    const text = data.trim();
    if (doneText.test(text)) this.#draft.done = true;
    else if (text !== "" || name === "error") this.#read(text, name);
    if (!this.#draft.carriesTokens) return;
    this.#draft.carriesTokens = false;
    this.#countTokens(endByte);
    if (bytes !== null && this.#templatesTried < templatesTriedMax) this.#learn(bytes);
  }

  passOver(piece: Buffer, at: number, place: { readonly lineEnd: number; readonly offset: number }): number {
    for (const template of this.#templates) {
      const end = template.read(this.#draft, piece, { at, lineEnd: place.lineEnd });
      if (end === at) continue;
      this.#countTokens(place.offset + place.lineEnd + 1);
      return end;
    }
    return at;
  }

  #learn(bytes: Buffer): void {
    this.#templatesTried += 1;
    const template = EventTemplate.of(bytes);
    if (template === null) return;
    this.#templates.unshift(template);
    this.#templates.splice(templatesKept);
  }

  #countTokens(endByte: number): void {
    this.#tokenEvents += 1;
    this.#firstTokenEndByte ??= endByte;
    this.#lastTokenEndByte = endByte;
  }

  /** False when it is not one object, and may be one on each line. */
  #readWhole(pieces: readonly Buffer[]): boolean {
    const text = Buffer.concat(pieces).toString("utf8").trim();
    const json = parsed(text);
    if (json === undefined && text.includes("\n")) return false;
    this.#draft.done = json !== undefined;
    this.#take(json, text);
    this.#draft.carriesTokens = false;
    return true;
  }

  #read(text: string, name: string): void {
    const json = text === "" ? undefined : jsonIn(text);
    const lines = json === undefined ? text.split("\n") : [];
    // Events that a server did not part by an empty line.
    const events = lines.length > 1 ? lines.map(jsonIn) : [];
    if (events.length === 0 || events.includes(undefined)) this.#take(json, text, name);
    else for (const event of events) this.#take(event, text, name);
    if (events.length > 0 && lines.some((line) => doneText.test(line))) this.#draft.done = true;
  }

  /** @param json undefined where the text is none */
  #take(json: unknown, text: string, name = ""): void {
    const draft = this.#draft;
    if (json === undefined && name === "") draft.odd = `no JSON object: ${shown(text)}`;
    else readEvent(draft, json === undefined ? text : json, name);
    if (draft.odd !== null) this.#addUnreadable(draft.odd);
    draft.odd = null;
  }

  #addUnreadable(odd: string): void {
    const { count, first } = this.#unreadable;
    this.#unreadable = { count: count + 1, first: first ?? odd };
  }
}

/** Data that is no part of an answer: nothing, `[DONE]`, or what keeps a connection open. */
export function saysNothing(data: string): boolean {
  const text = data.trim();
  return text === "" || doneText.test(text) || keepAlive.test(text) || text === "null";
}

/** undefined for what is no JSON. A page of text has many lines, and trying each would be an exception. */
function jsonIn(text: string): unknown {
  const isLikely = /^[[{"]/.test(text) && /[\]}"]$/.test(text);
  if (saysNothing(text)) return null;
  return isLikely ? parsed(text) : undefined;
}

/** Reads all of an answer. */
export function readAnswer(body: Buffer | string): Answer {
  const reader = new AnswerReader();
  reader.push(typeof body === "string" ? Buffer.from(body) : body);
  return reader.end();
}

/** Bytes that are read at one turn of the event loop: of the shortest events as many as take some 5 ms. */
const turnBytes = 64 * 1024;

/** As `readAnswer`, in turns of the event loop: 40 MiB of short events take seconds, in which nothing else would be served. */
export async function readAnswerInTurns(body: Buffer): Promise<Answer> {
  const reader = new AnswerReader();
  for (let from = 0; from < body.length; from += turnBytes) {
    reader.push(body.subarray(from, from + turnBytes));
    if (body.length > turnBytes) await nextTurn();
  }
  for (const piece of reader.settle()) {
    reader.push(piece);
    await nextTurn();
  }
  return reader.end();
}
