import type { CallDelta } from "./call-deltas.ts";
import { Draft } from "./draft.ts";
import { readEvent } from "./forms.ts";
import { parsed } from "./json.ts";

/** Where the one string of an event goes that differs from event to event. */
type Target = { readonly said: "text" | "reasoning" } | { readonly delta: CallDelta };

/** A JSON string without its quotes that needs no decoding. */
const plain = /^[^"\\\p{Cc}]*$/u;
const sentinel = "\u2021 another text \u2021";

/**
 * The bytes of an event that carries text, reasoning or arguments, around that string. Most events of a stream differ in
 * it alone, and comparing bytes costs a sixth of what parsing does. An event that fits is read as it would have been by
 * `readEvent`: a template is only made of an event that says nothing else, which is tried out.
 */
export class EventTemplate {
  readonly #head: Buffer;
  readonly #tail: Buffer;
  /** From the end of the string to the end of the line. */
  readonly #toLineEnd: number;
  readonly #target: Target;

  private constructor(parts: { head: Buffer; tail: Buffer; toLineEnd: number; target: Target }) {
    this.#head = parts.head;
    this.#tail = parts.tail;
    this.#toLineEnd = parts.toLineEnd;
    this.#target = parts.target;
  }

  /**
   * @param bytes all of an event that has been read, one line of data
   * @returns null for an event that says anything besides its one string
   */
  static of(bytes: Buffer): EventTemplate | null {
    const start = bytes.indexOf("{");
    const text = bytes.toString("utf8", Math.max(start, 0)).trimEnd();
    const lineEnd = start + Buffer.byteLength(text);
    if (start === -1) return null;
    const found = onlyString(parsed(text));
    if (found === null) return null;
    const literal = Buffer.from(JSON.stringify(found.string));
    const at = bytes.indexOf(literal);
    if (at === -1 || bytes.includes(literal, at + 1)) return null;
    const [head, tail] = [bytes.subarray(0, at + 1), bytes.subarray(at + literal.length - 1)];
    const other = Buffer.concat([head.subarray(start), Buffer.from(sentinel), tail]).toString("utf8");
    const tried = onlyString(parsed(other.trimEnd()));
    if (tried?.string !== sentinel || JSON.stringify(tried.target) !== JSON.stringify(found.target))
      return null;
    const toLineEnd = lineEnd - (at + literal.length - 1);
    return new EventTemplate({
      head: Buffer.from(head),
      tail: Buffer.from(tail),
      toLineEnd,
      target: found.target,
    });
  }

  /**
   * Reads the event that begins at `at` into the draft, where it fits.
   * @returns where the event ends; `at` where it does not fit
   */
  read(
    draft: Draft,
    piece: Buffer,
    { at, lineEnd }: { readonly at: number; readonly lineEnd: number },
  ): number {
    const [from, to] = [at + this.#head.length, lineEnd - this.#toLineEnd];
    const end = to + this.#tail.length;
    if (to <= from || end > piece.length) return at;
    if (piece.compare(this.#tail, 0, this.#tail.length, to, end) !== 0) return at;
    if (piece.compare(this.#head, 0, this.#head.length, at, from) !== 0) return at;
    const raw = piece.toString("utf8", from, to);
    const string: unknown = plain.test(raw) ? raw : parsed(`"${raw}"`);
    if (typeof string !== "string") return at;
    const target = this.#target;
    if ("said" in target) draft[target.said] += string;
    else draft.calls.add({ ...target.delta, argumentsText: string });
    return end;
  }
}

/** The one string that an event says; null where it says more, or something that counts for the whole answer. */
function onlyString(event: unknown): { readonly string: string; readonly target: Target } | null {
  const draft = new Draft();
  readEvent(draft, event);
  const { text, reasoning, calls, usage, finish, error, odd, done } = draft;
  const isMore = usage.isReported || finish !== null || error !== null || odd !== null;
  if (isMore || done || !draft.carriesTokens || draft.framesRepeat !== null) return null;
  if (calls.count === 0 && (text === "") !== (reasoning === ""))
    return text === ""
      ? { string: reasoning, target: { said: "reasoning" } }
      : { string: text, target: { said: "text" } };
  const { delta } = calls;
  if (calls.count !== 1 || delta === null || text !== "" || reasoning !== "") return null;
  if (delta.whole || delta.id !== "" || delta.name !== "") return null;
  return { string: delta.argumentsText, target: { delta: { ...delta, argumentsText: "" } } };
}
