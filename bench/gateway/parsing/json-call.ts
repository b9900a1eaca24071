import type { OutputPiece } from "./output-piece.ts";

const closing = "</tool_call>";
const space = /\s/;
/** Some models write the second. */
const argumentKeys = new Set(["arguments", "parameters"]);

/**
 * One call as JSON text up to its closing tag, read a character at a time, so that arguments can be passed on while they
 * are written. A tag inside of a JSON text is text; outside of one it ends the JSON, finished or not.
 */
export class JsonCall {
  readonly #index: number;
  #raw = "";
  #place: "before" | "key" | "colon" | "value" | "behind" = "before";
  #key = "";
  #value = "";
  /** White space between the parts of a value, which is part of it only when more of it follows. */
  #space = "";
  /** Open brackets of the value. */
  #depth = 0;
  #inText = false;
  #escaped = false;
  #tail = "";
  #name: string | null = null;
  #arguments = "";
  #argumentsEnded = false;
  #sentName = false;
  #sentArguments = 0;

  constructor(index: number) {
    this.#index = index;
  }

  /** Everything of the call, with its closing tag: content, should it turn out to be no call. */
  get raw(): string {
    return this.#raw;
  }

  /** The name has been read, so this is a call, whatever follows. */
  get isNamed(): boolean {
    return this.#name !== null;
  }

  /** @returns the text behind the closing tag; null while the call goes on */
  feed(text: string): { readonly pieces: readonly OutputPiece[]; readonly rest: string | null } {
    for (let at = 0; at < text.length; at += 1) {
      const character = text[at] ?? "";
      this.#raw += character;
      if (!this.#take(character)) continue;
      if (this.#arguments === "") this.#arguments = "{}";
      return { pieces: this.#ready(), rest: text.slice(at + 1) };
    }
    return { pieces: this.#ready(), rest: null };
  }

  #ready(): readonly OutputPiece[] {
    const index = this.#index;
    if (this.#name === null) return [];
    const text = this.#arguments.slice(this.#sentArguments);
    this.#sentArguments = this.#arguments.length;
    const head: readonly OutputPiece[] = this.#sentName ? [] : [{ kind: "call", index, name: this.#name }];
    this.#sentName = true;
    return text === "" ? head : [...head, { kind: "arguments", index, text }];
  }

  /** @returns true for the last character of the closing tag */
  #take(character: string): boolean {
    if (this.#inText) this.#takeText(character);
    else if (this.#place === "behind" || character === "<") {
      this.#place = "behind";
      this.#tail = (this.#tail + character).slice(-closing.length);
      return this.#tail === closing;
    } else if (this.#place === "value") this.#takeValue(character);
    else if (!space.test(character)) this.#takeFrame(character);
    return false;
  }

  /** Between the values: brace, keys, colons and commas of the call's own object. */
  #takeFrame(character: string): void {
    if (this.#place === "before" && character === "{") this.#place = "key";
    else if (this.#place === "key" && character === '"') {
      this.#inText = true;
      this.#key = character;
    } else if (this.#place === "colon" && character === ":") {
      this.#place = "value";
      this.#value = "";
    } else if (this.#place !== "key" || character !== ",") this.#place = "behind";
  }

  #takeText(character: string): void {
    if (this.#place === "key") this.#key += character;
    else this.#append(character);
    if (this.#escaped) this.#escaped = false;
    else if (character === "\\") this.#escaped = true;
    else if (character === '"') {
      this.#inText = false;
      if (this.#place === "key") this.#place = "colon";
      else if (this.#depth === 0) this.#endValue();
    }
  }

  #takeValue(character: string): void {
    if (space.test(character)) {
      if (this.#value !== "" && this.#depth === 0) this.#endValue();
      else if (this.#value !== "") this.#space += character;
    } else if (this.#depth === 0 && (character === "," || character === "}" || character === "]")) {
      this.#endValue();
      if (character !== ",") this.#place = "behind";
    } else {
      this.#append(character);
      if (character === '"') this.#inText = true;
      else if (character === "{" || character === "[") this.#depth += 1;
      else if (character === "}" || character === "]") {
        this.#depth -= 1;
        if (this.#depth === 0) this.#endValue();
      }
    }
  }

  #append(character: string): void {
    const text = this.#space + character;
    this.#space = "";
    this.#value += text;
    if (this.#isArguments() && !this.#argumentsEnded) this.#arguments += text;
  }

  #endValue(): void {
    this.#place = "key";
    if (this.#isArguments()) this.#argumentsEnded = true;
    else if (this.#name === null && textOf(this.#key) === "name") this.#name = textOf(this.#value);
  }

  #isArguments(): boolean {
    return argumentKeys.has(textOf(this.#key) ?? "");
  }
}

/** null for what is not a JSON text. */
function textOf(json: string): string | null {
  try {
    const value: unknown = JSON.parse(json);
    return typeof value === "string" ? value : null;
  } catch {
    return null;
  }
}
