import type { Message } from "../rendering/normalise-messages.ts";
import type { OutputParser, OutputPiece } from "./output-piece.ts";
import { MalformedJsonError, UnexpectedJsonError } from "./complete-json.ts";
import { partialLoads } from "./partial-json.ts";
import { dumps, isTruthy, JsonError, type PythonValue } from "./python-json.ts";
import { toolNames } from "./tool-names.ts";

const opening = "<tool_call>\n";
const closing = "\n</tool_call>";
const separator = "\n";
/** What of `closing` may come behind a call by itself. */
const closingMark = closing.slice(1);

type Call = ReadonlyMap<string, PythonValue>;

/** Two ways in which versions of SGLang read the same text; which one an engine has is learned from it. */
export type ParserDialect = "sglang-0.5.10" | "sglang-0.5.23";

/**
 * Reads calls of Qwen 2.5, Qwen 3 and Hermes from a stream as SGLang's own parser does, piece by piece, with all that it
 * repairs, drops and loses: an agent behind this gateway has to see what it would see of the engine itself. Arguments are
 * written anew as JSON, an unknown tool's call is dropped up to its name, and text that could still begin a call is lost at
 * the end. The pieces have to be those of the engine.
 */
export class SglangQwen25Parser implements OutputParser {
  readonly #dialect: ParserDialect;
  readonly #names: ReadonlySet<string>;
  #buffer = "";
  #normal = "";
  /** Index of the call that is being read; -1 before the first. */
  #index = -1;
  #named = false;
  /** What was given out of each call's arguments. */
  readonly #sent: string[] = [];
  /** Each call as it was last read. */
  readonly #read: (Call | undefined)[] = [];

  constructor(tools: readonly Message[], dialect: ParserDialect) {
    this.#names = toolNames(tools);
    this.#dialect = dialect;
  }

  feed(text: string): readonly OutputPiece[] {
    this.#buffer += text;
    const isCall = this.#buffer.includes(opening) || (this.#index > 0 && this.#buffer.startsWith(separator));
    if (!isCall) return this.#outside();
    const read = this.#object();
    if (read === null || read.value.size === 0) return [];
    return this.#take(read);
  }

  /** What the engine's chat API adds at the end: arguments that were read and not yet given out. */
  end(): readonly OutputPiece[] {
    const index = this.#read.length - 1;
    const sent = this.#sent[index];
    if (index < 0 || sent === undefined) return [];
    const expected = dumps(this.#read[index]?.get("arguments") ?? new Map());
    if (this.#dialect === "sglang-0.5.10" && expected.includes(sent))
      return argumentsPiece(
        index,
        expected.replace(sent, () => ""),
      );
    return expected.startsWith(sent) ? argumentsPiece(index, expected.slice(sent.length)) : [];
  }

  #outside(): readonly OutputPiece[] {
    if (mayBegin(this.#buffer, opening) > 0) return [];
    const text = this.#buffer.replaceAll(closing, "");
    this.#buffer = "";
    if (text === "") return [];
    this.#normal += text;
    if (this.#normal.includes(closingMark)) return this.#given(this.#normal.replaceAll(closingMark, ""), "");
    const held = mayBegin(this.#normal, closingMark);
    const from = this.#normal.length - held;
    return this.#given(this.#normal.slice(0, from), this.#normal.slice(from));
  }

  #given(text: string, held: string): readonly OutputPiece[] {
    this.#normal = held;
    return text === "" ? [] : [{ kind: "content", text }];
  }

  /** null while there is nothing that could be read. */
  #object(): {
    readonly value: Map<string, PythonValue>;
    readonly complete: boolean;
    readonly end: number;
  } | null {
    const text = this.#buffer;
    const bySeparator = this.#index > 0 && text.startsWith(separator);
    const afterOpening = text.includes(opening) ? text.indexOf(opening) + opening.length : 0;
    const starts = bySeparator
      ? [separator.length, ...(afterOpening > 0 ? [afterOpening] : [])]
      : [afterOpening];
    for (const start of starts) {
      if (start >= text.length) return null;
      try {
        const { value, end } = partialLoads(text.slice(start), { texts: this.#named });
        if (!(value instanceof Map)) return null;
        return { value, complete: isComplete(text.slice(start, start + end)), end: start + end };
      } catch (cause) {
        // Not readable yet; SGLang waits, too. Behind the separator it looks for the next mark of a call.
        if (this.#dialect === "sglang-0.5.10" && cause instanceof UnexpectedJsonError) return null;
        if (!(cause instanceof MalformedJsonError) && !(cause instanceof JsonError)) throw cause;
      }
    }
    return null;
  }

  #take(read: {
    readonly value: Map<string, PythonValue>;
    readonly complete: boolean;
    readonly end: number;
  }) {
    const { value: call } = read;
    const name = call.get("name");
    if (name instanceof Map || Array.isArray(name)) return [];
    if (name !== undefined && !(typeof name === "string" && this.#names.has(name))) return this.#drop();
    if (call.has("parameters")) {
      // Python's parser has a tool call with both for an error, and reads nothing.
      if (call.has("arguments")) return [];
      call.set("arguments", call.get("parameters") ?? null);
    }
    return this.#named ? this.#readArguments(read) : this.#readName(name);
  }

  /** A tool that does not exist: what was read of it is forgotten, and what follows is text. */
  #drop(): readonly OutputPiece[] {
    this.#buffer = "";
    this.#index = -1;
    this.#named = false;
    this.#sent.pop();
    return [];
  }

  #readName(name: PythonValue | undefined): readonly OutputPiece[] {
    if (typeof name !== "string" || name === "") return [];
    if (this.#index === -1) {
      this.#index = 0;
      this.#sent.push("");
    }
    while (this.#sent.length <= this.#index) this.#sent.push("");
    this.#named = true;
    return [{ kind: "call", index: this.#index, name }];
  }

  #readArguments({
    value: call,
    complete,
    end,
  }: {
    readonly value: Call;
    readonly complete: boolean;
    readonly end: number;
  }): readonly OutputPiece[] {
    const value = call.get("arguments");
    const isThere = this.#dialect === "sglang-0.5.10" ? isTruthy(value) : value != null;
    if (!isThere || value === undefined) return [];
    const index = this.#index;
    const sent = this.#sent[index] ?? "";
    const now = dumps(value);
    const before = this.#read[index]?.get("arguments");
    let fresh = "";
    if (complete) {
      fresh = now.slice(sent.length);
      this.#buffer = this.#buffer.slice(end);
      this.#named = false;
      this.#index += 1;
    } else if (isTruthy(before)) {
      const last = dumps(before ?? null);
      if (last !== now) fresh = commonStart(last, now).slice(sent.length);
    }
    while (this.#read.length <= index) this.#read.push(undefined);
    this.#read[index] = call;
    this.#sent[index] = sent + fresh;
    return argumentsPiece(index, fresh);
  }
}

const argumentsPiece = (index: number, text: string): readonly OutputPiece[] =>
  text === "" ? [] : [{ kind: "arguments", index, text }];

/** How much at the end of a text begins a mark: the shortest that does, as SGLang counts. */
function mayBegin(text: string, mark: string): number {
  for (let length = 1; length <= Math.min(text.length, mark.length - 1); length += 1)
    if (mark.startsWith(text.slice(-length))) return length;
  return 0;
}

function commonStart(one: string, other: string): string {
  let at = 0;
  while (at < one.length && one[at] === other[at]) at += 1;
  // Not between the halves of a character.
  if (/[\uD800-\uDBFF]/.test(one[at - 1] ?? "")) at -= 1;
  return one.slice(0, at);
}

function isComplete(text: string): boolean {
  try {
    JSON.parse(text);
    return true;
  } catch {
    return false; // It is being written.
  }
}
