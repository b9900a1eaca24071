import type { WrittenCall, WrittenReply } from "../policy/reply.ts";
import { closedJson } from "./partial-json.ts";

/** One piece of a streamed answer as the tool parser lets it out. */
export type ParserPiece =
  | { readonly kind: "content"; readonly text: string }
  | { readonly kind: "name"; readonly name: string; readonly call: number }
  | { readonly kind: "arguments"; readonly text: string; readonly call: number };

/** What the parser looks for where the reply has no call. */
const taggedMarker = "<tool_call>\n";

/**
 * SGLang's tool parser on a stream. It reads what there is of a call's JSON after every token, tells the name once its quote is
 * closed, and of the arguments only what two readings in a row agree on: they leave one token late, the last of them with the
 * brace that ends the call. Text that may begin a call is held back, and lost where none follows. `call` in a piece is the
 * place of its call in the reply.
 */
export class ToolParserStream {
  readonly #reply: WrittenReply;
  readonly #tellsEmpty: boolean;
  #taken = 0;
  /** Place of the call that is being read, or that comes next. */
  #at = 0;
  #isNamed = false;
  #read: string | null = null;
  #sent = "";

  /** @param tellsEmpty Also arguments that are empty; 0.5.10 does not. */
  constructor(reply: WrittenReply, tellsEmpty: boolean) {
    this.#reply = reply;
    this.#tellsEmpty = tellsEmpty;
  }

  /** @param visible How much of the reply's text is there, in UTF-16 units. */
  push(visible: number): ParserPiece | null {
    const { calls } = this.#reply;
    const call = calls[this.#at];
    if (this.#at === 0 && (call === undefined || visible < call.start + call.marker.length))
      return this.#content(visible, call?.marker ?? taggedMarker);
    this.#taken = visible;
    if (call === undefined) return null;
    if (this.#isNamed) return this.#arguments(call, visible);
    if (visible < call.nameEnd) return null;
    this.#isNamed = true;
    return { kind: "name", name: call.name, call: this.#at };
  }

  /** What is still to be told when the generation has ended: a call that was cut is closed. */
  end(): ParserPiece | null {
    if (!this.#isNamed || this.#read === null) return null;
    const rest = this.#read.startsWith(this.#sent) ? this.#read.slice(this.#sent.length) : "";
    return rest === "" ? null : { kind: "arguments", text: rest, call: this.#at };
  }

  #content(visible: number, marker: string): ParserPiece | null {
    const held = this.#reply.text.slice(this.#taken, visible);
    if (held === "" || endsWithBeginningOf(held, marker)) return null;
    this.#taken = visible;
    return { kind: "content", text: held };
  }

  #arguments(call: WrittenCall, visible: number): ParserPiece | null {
    const isWhole = visible >= call.objectEnd;
    const there = this.#reply.text.slice(call.argumentsStart, Math.min(visible, call.argumentsEnd));
    const read = isWhole ? call.argumentsText : closedJson(there);
    const isUntold = read === null || (read === "{}" && !this.#tellsEmpty);
    if (isWhole) return this.#last(isUntold ? null : read.slice(this.#sent.length));
    if (isUntold) return null;
    const before = this.#read;
    this.#read = read;
    if (before === null || before === "{}" || before === read) return null;
    return this.#tell(commonPrefix(before, read).slice(this.#sent.length));
  }

  #tell(text: string): ParserPiece {
    this.#sent += text;
    return { kind: "arguments", text, call: this.#at };
  }

  /** The call is whole; what follows may be the next one. */
  #last(text: string | null): ParserPiece | null {
    const piece = text === null ? null : this.#tell(text);
    this.#at += 1;
    this.#isNamed = false;
    this.#read = null;
    this.#sent = "";
    return piece;
  }
}

function endsWithBeginningOf(text: string, marker: string): boolean {
  for (let length = Math.min(text.length, marker.length - 1); length > 0; length--)
    if (text.endsWith(marker.slice(0, length))) return true;
  return false;
}

function commonPrefix(one: string, other: string): string {
  let length = 0;
  while (length < one.length && one[length] === other[length]) length++;
  return one.slice(0, length);
}
