import { PythonError, valueError } from "./error.ts";
import { textLength } from "./text-order.ts";
import { normalizeInt, PyFloat } from "./value.ts";
import type { PyDict, PyList, PyValue } from "./value.ts";

/** Nesting at which Python's decoder gives up with RecursionError (its default limit, less the frames around it). */
const MAX_DEPTH = 990;
/** Python refuses to read longer ints since 3.11. */
const MAX_INT_DIGITS = 4300;

const NUMBER = /-?(?:0|[1-9]\d*)(\.\d+)?([eE][-+]?\d+)?/y;
// oxlint-disable-next-line no-control-regex -- JSON forbids raw control characters in strings
const PLAIN = /[^"\\\u0000-\u001f]*/y;
const SPACE = /[ \t\n\r]*/y;
const ESCAPES = new Map<string, string>([
  ['"', '"'],
  ["\\", "\\"],
  ["/", "/"],
  ["b", "\b"],
  ["f", "\f"],
  ["n", "\n"],
  ["r", "\r"],
  ["t", "\t"],
]);
const CONSTANTS: readonly (readonly [string, () => PyValue])[] = [
  ["null", () => null],
  ["true", () => true],
  ["false", () => false],
  ["NaN", () => new PyFloat(Number.NaN)],
  ["Infinity", () => new PyFloat(Number.POSITIVE_INFINITY)],
  ["-Infinity", () => new PyFloat(Number.NEGATIVE_INFINITY)],
];

/**
 * Python's `json.loads`: numbers with a fraction or exponent become floats, the rest ints of any size; objects keep their
 * key order; `NaN` and `Infinity` are accepted. Throws PythonError `JSONDecodeError` with Python's text.
 */
export function parseJson(text: string): PyValue {
  const parser = new JsonParser(text);
  return parser.document();
}

class JsonParser {
  readonly #text: string;
  #at = 0;
  #depth = 0;

  constructor(text: string) {
    this.#text = text;
  }

  document(): PyValue {
    if (this.#text.startsWith("\ufeff"))
      throw this.#error("Unexpected UTF-8 BOM (decode using utf-8-sig)", 0);
    this.#space();
    const value = this.#value();
    this.#space();
    if (this.#at < this.#text.length) throw this.#error("Extra data", this.#at);
    return value;
  }

  #value(): PyValue {
    switch (this.#text.charCodeAt(this.#at)) {
      case 0x22:
        return this.#string();
      case 0x7b:
        return this.#nested("object", () => this.#object());
      case 0x5b:
        return this.#nested("array", () => this.#array());
      default:
        return this.#scalar();
    }
  }

  #nested<Value>(kind: string, read: () => Value): Value {
    if (++this.#depth > MAX_DEPTH) {
      throw new PythonError(
        "RecursionError",
        `maximum recursion depth exceeded while decoding a JSON ${kind} from a unicode string`,
      );
    }
    const value = read();
    this.#depth--;
    return value;
  }

  #object(): PyDict {
    const dict: PyDict = new Map();
    this.#at++;
    this.#space();
    if (this.#text[this.#at] === "}") {
      this.#at++;
      return dict;
    }
    for (;;) {
      if (this.#text[this.#at] !== '"') {
        throw this.#error("Expecting property name enclosed in double quotes", this.#at);
      }
      const key = this.#string();
      this.#space();
      if (this.#text[this.#at] !== ":") throw this.#error("Expecting ':' delimiter", this.#at);
      this.#at++;
      this.#space();
      dict.set(key, this.#value());
      this.#space();
      const next = this.#text[this.#at++];
      if (next === "}") return dict;
      if (next !== ",") throw this.#error("Expecting ',' delimiter", this.#at - 1);
      this.#space();
    }
  }

  #array(): PyList {
    const list: PyList = [];
    this.#at++;
    this.#space();
    if (this.#text[this.#at] === "]") {
      this.#at++;
      return list;
    }
    for (;;) {
      list.push(this.#value());
      this.#space();
      const next = this.#text[this.#at++];
      if (next === "]") return list;
      if (next !== ",") throw this.#error("Expecting ',' delimiter", this.#at - 1);
      this.#space();
    }
  }

  #string(): string {
    const start = this.#at++;
    let text = "";
    for (;;) {
      text += this.#match(PLAIN);
      const next = this.#text[this.#at];
      if (next === '"') {
        this.#at++;
        return text;
      }
      if (next === undefined) throw this.#error("Unterminated string starting at", start);
      if (next !== "\\") throw this.#error("Invalid control character at", this.#at);
      text += this.#escape(start);
    }
  }

  #escape(start: number): string {
    const at = this.#at;
    const letter = this.#text[at + 1];
    if (letter === undefined) throw this.#error("Unterminated string starting at", start);
    this.#at += 2;
    if (letter !== "u") {
      const plain = ESCAPES.get(letter);
      if (plain === undefined) throw this.#error("Invalid \\escape", at);
      return plain;
    }
    const digits = this.#text.slice(at + 2, at + 6);
    // Python wants a character behind the digits, if only the closing quote.
    const isComplete = /^[0-9a-fA-F]{4}$/.test(digits) && at + 6 < this.#text.length;
    if (!isComplete) throw this.#error("Invalid \\uXXXX escape", at + 1);
    this.#at += 4;
    return String.fromCharCode(Number.parseInt(digits, 16));
  }

  #scalar(): PyValue {
    NUMBER.lastIndex = this.#at;
    const found = NUMBER.exec(this.#text);
    if (found !== null) {
      this.#at = NUMBER.lastIndex;
      return found[1] === undefined && found[2] === undefined
        ? readInt(found[0])
        : new PyFloat(Number(found[0]));
    }
    for (const [word, make] of CONSTANTS) {
      if (this.#text.startsWith(word, this.#at)) {
        this.#at += word.length;
        return make();
      }
    }
    throw this.#error("Expecting value", this.#at);
  }

  #space(): void {
    const code = this.#text.charCodeAt(this.#at);
    if (code === 0x20 || code === 0x0a || code === 0x0d || code === 0x09) this.#match(SPACE);
  }

  #match(pattern: RegExp): string {
    pattern.lastIndex = this.#at;
    const found = pattern.exec(this.#text)?.[0] ?? "";
    this.#at += found.length;
    return found;
  }

  #error(what: string, at: number): PythonError {
    const before = this.#text.slice(0, at);
    const lineStart = before.lastIndexOf("\n") + 1;
    const line = before.split("\n").length;
    const column = textLength(before.slice(lineStart)) + 1;
    const position = textLength(before);
    return new PythonError("JSONDecodeError", `${what}: line ${line} column ${column} (char ${position})`);
  }
}

function readInt(digits: string): PyValue {
  if (digits.length < 16) return Number(digits) + 0;
  const count = digits.replace("-", "").length;
  if (count > MAX_INT_DIGITS) {
    throw valueError(
      `Exceeds the limit (${MAX_INT_DIGITS} digits) for integer string conversion: value has ${count} digits; ` +
        "use sys.set_int_max_str_digits() to increase the limit",
    );
  }
  return normalizeInt(BigInt(digits));
}
