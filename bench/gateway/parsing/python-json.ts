import { pythonFloat } from "../rendering/python-literals.ts";

/** A value as Python's `json` reads it: numbers keep their digits, keys their order. */
export type PythonValue = null | boolean | string | PythonNumber | PythonValue[] | Map<string, PythonValue>;

/** A number as Python prints it. */
export class PythonNumber {
  readonly printed: string;
  constructor(printed: string) {
    this.printed = printed;
  }
  get isZero(): boolean {
    return Number(this.printed) === 0;
  }
}

/** The text is no JSON. */
export class JsonError extends Error {
  /** A value stands at its beginning, and something else behind it. */
  readonly isExtraData: boolean;
  constructor(message: string, isExtraData = false) {
    super(message);
    this.isExtraData = isExtraData;
  }
}

const numberPattern = /-?(?:0|[1-9]\d*)(\.\d+)?([eE][-+]?\d+)?/y;
const words: readonly (readonly [string, PythonValue])[] = [
  ["null", null],
  ["true", true],
  ["false", false],
  ["NaN", new PythonNumber("NaN")],
  ["Infinity", new PythonNumber("Infinity")],
  ["-Infinity", new PythonNumber("-Infinity")],
];

/** `json.loads` @throws {JsonError} */
export function loads(text: string): PythonValue {
  const { value, end } = rawDecode(text);
  if (spaceEnd(text, end) !== text.length) throw new JsonError("Extra data", true);
  return value;
}

/** `JSONDecoder().raw_decode` behind white space: the value at the beginning of a text. @throws {JsonError} */
export function rawDecode(text: string): { readonly value: PythonValue; readonly end: number } {
  const reader = new Reader(text);
  reader.at = spaceEnd(text, 0);
  return { value: reader.value(), end: reader.at };
}

/** `json.dumps(value, ensure_ascii=False)` */
export function dumps(value: PythonValue): string {
  if (value instanceof PythonNumber) return value.printed;
  if (Array.isArray(value)) return `[${value.map(dumps).join(", ")}]`;
  if (value instanceof Map)
    return `{${[...value].map(([key, inner]) => `${JSON.stringify(key)}: ${dumps(inner)}`).join(", ")}}`;
  return JSON.stringify(value);
}

/** `bool(value)` */
export function isTruthy(value: PythonValue | undefined): boolean {
  if (value instanceof PythonNumber) return !value.isZero;
  if (Array.isArray(value)) return value.length > 0;
  if (value instanceof Map) return value.size > 0;
  return value !== undefined && value !== null && value !== false && value !== "";
}

function spaceEnd(text: string, from: number): number {
  let at = from;
  while (at < text.length && " \t\n\r".includes(text[at] ?? "")) at += 1;
  return at;
}

class Reader {
  readonly #text: string;
  at = 0;

  constructor(text: string) {
    this.#text = text;
  }

  value(): PythonValue {
    const first = this.#text[this.at];
    if (first === '"') return this.#string();
    if (first === "{") return this.#object();
    if (first === "[") return this.#array();
    const word = words.find(([spelled]) => this.#text.startsWith(spelled, this.at));
    if (word === undefined) return this.#number();
    this.at += word[0].length;
    return word[1];
  }

  #number(): PythonNumber {
    numberPattern.lastIndex = this.at;
    const found = numberPattern.exec(this.#text);
    if (found === null) throw new JsonError("Expecting value");
    const [digits, fraction, exponent] = found;
    this.at += digits.length;
    const isFloat = fraction !== undefined || exponent !== undefined;
    return new PythonNumber(isFloat ? pythonFloat(Number(digits)) : digits.replace(/^-0$/, "0"));
  }

  #string(): string {
    let end = this.at + 1;
    while (end < this.#text.length && this.#text[end] !== '"') end += this.#text[end] === "\\" ? 2 : 1;
    const text = this.#text.slice(this.at, end + 1);
    if (end >= this.#text.length) throw new JsonError("Unterminated string");
    this.at = end + 1;
    try {
      return JSON.parse(text) as string;
    } catch (cause) {
      throw new JsonError(`Invalid string: ${String(cause)}`);
    }
  }

  #array(): PythonValue[] {
    const items: PythonValue[] = [];
    this.#step();
    if (this.#text[this.at] === "]") return this.#closed(items);
    for (;;) {
      items.push(this.value());
      if (this.#ends("]")) return items;
    }
  }

  #object(): Map<string, PythonValue> {
    const members = new Map<string, PythonValue>();
    this.#step();
    if (this.#text[this.at] === "}") return this.#closed(members);
    for (;;) {
      if (this.#text[this.at] !== '"') throw new JsonError("Expecting property name");
      const key = this.#string();
      this.at = spaceEnd(this.#text, this.at);
      if (this.#text[this.at] !== ":") throw new JsonError("Expecting ':' delimiter");
      this.#step();
      members.set(key, this.value());
      if (this.#ends("}")) return members;
    }
  }

  /** Behind a value: true for the end, false for a comma. */
  #ends(bracket: string): boolean {
    this.at = spaceEnd(this.#text, this.at);
    const found = this.#text[this.at];
    if (found !== bracket && found !== ",") throw new JsonError("Expecting ',' delimiter");
    if (found === bracket) this.at += 1;
    else this.#step();
    return found === bracket;
  }

  #closed<T>(value: T): T {
    this.at += 1;
    return value;
  }

  #step(): void {
    this.at = spaceEnd(this.#text, this.at + 1);
  }
}
