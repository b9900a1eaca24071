import { createHash } from "node:crypto";
import type { Hash } from "node:crypto";
import { dumpCanonical, jsonString } from "../python/json-dump.ts";
import { deepCopy, share } from "../python/shared-model.ts";
import { compareText } from "../python/text-order.ts";
import type { PyDict, PyValue } from "../python/value.ts";
import { Model } from "../python/value.ts";

/**
 * A database that was read once and is the start of every environment. Environments get their own dicts over shared
 * models, and a hash costs only what an environment changed.
 */
export class Database {
  readonly #base: Model;
  readonly #fields: readonly BaseField[];
  readonly #baseHash: string;
  readonly #recent = new Map<string, string>();

  constructor(base: Model) {
    share(base);
    this.#base = base;
    const hash = createHash("sha256");
    this.#fields = base.type.sortedFields.map(({ head, slot }, index) => {
      const value = base.values[slot] ?? null;
      const field = {
        slot,
        opening: (index === 0 ? "{" : ", ") + head,
        value,
        dict: value instanceof Map ? new BaseDict(value) : null,
        before: hash.copy(),
      };
      hash.update(field.opening).update(field.dict?.text ?? dumpCanonical(value));
      return field;
    });
    this.#baseHash = hash.update("}").digest("hex");
  }

  /** A fresh copy for one environment. */
  instantiate(): Model {
    const values = this.#base.values.map((value) =>
      value instanceof Map ? new Map(value) : deepCopy(value),
    );
    return new Model(this.#base.type, values);
  }

  /** tau2's database hash of a model that started here: sha256 of its canonical JSON, in hex. */
  hash(current: Model): string {
    if (current.type !== this.#base.type) return sha256(dumpCanonical(current));
    const first = this.#fields.findIndex((field) => !isUnchanged(field, current.values[field.slot] ?? null));
    const start = this.#fields[first];
    if (start === undefined) return this.#baseHash;
    const text = new CanonicalText();
    for (const field of this.#fields.slice(first)) {
      const value = current.values[field.slot] ?? null;
      text.add(field.opening);
      if (field.dict !== null && value instanceof Map) field.dict.write(text, value);
      else text.add(dumpCanonical(value));
    }
    text.add("}");
    return this.#recent.get(text.key) ?? this.#remember(text.key, text.hashFrom(start.before));
  }

  #remember(key: string, hash: string): string {
    if (key.length > LONGEST_KEY) return hash;
    const [oldest] = this.#recent.keys();
    if (this.#recent.size >= RECENT_HASHES && oldest !== undefined) this.#recent.delete(oldest);
    this.#recent.set(key, hash);
    return hash;
  }
}

/** Two sides of an evaluation are mostly equal, and the gold side is the same in every trial of a task. */
const RECENT_HASHES = 32;
/** In characters; a database that was replaced as a whole is not worth keeping. */
const LONGEST_KEY = 100_000;

interface BaseField {
  readonly slot: number;
  /** What precedes the value in the canonical text. */
  readonly opening: string;
  readonly value: PyValue;
  readonly dict: BaseDict | null;
  /** The hash of everything before this field. */
  readonly before: Hash;
}

function isUnchanged(field: BaseField, value: PyValue): boolean {
  if (field.dict !== null) return value instanceof Map && field.dict.isSame(value);
  return dumpCanonical(value) === dumpCanonical(field.value);
}

export function sha256(text: string): string {
  return createHash("sha256").update(text).digest("hex");
}

interface BaseEntry {
  readonly key: string;
  readonly value: PyValue;
  /** Place of `"key": value` in the text. */
  readonly start: number;
  readonly end: number;
}

/** The canonical text of a shared dict, with the place of each entry in it. */
class BaseDict {
  /** ASCII, as all of tau2's JSON. */
  readonly text: Buffer;
  readonly #entries: readonly BaseEntry[];
  readonly #keys: ReadonlySet<string>;

  constructor(dict: PyDict) {
    let text = "{";
    this.#entries = [...dict]
      .sort(([a], [b]) => compareText(a, b))
      .map(([key, value], index) => {
        if (index > 0) text += ", ";
        const start = text.length;
        text += `${jsonString(key)}: ${dumpCanonical(value)}`;
        return { key, value, start, end: text.length };
      });
    this.text = Buffer.from(`${text}}`, "latin1");
    this.#keys = new Set(dict.keys());
  }

  isSame(current: PyDict): boolean {
    if (current.size !== this.#entries.length) return false;
    return this.#entries.every((entry) => current.get(entry.key) === entry.value);
  }

  /** Writes the canonical text of `current`, in pieces of the base's text where nothing changed. */
  write(text: CanonicalText, current: PyDict): void {
    const writer = new EntryWriter(text, this.text);
    const added = [...current.keys()].filter((key) => !this.#keys.has(key)).sort(compareText);
    let nextAdded = 0;
    for (const entry of this.#entries) {
      for (; isBefore(added[nextAdded], entry.key); nextAdded++)
        writer.changed(added[nextAdded] ?? "", current);
      const value = current.get(entry.key);
      if (value === entry.value) writer.unchanged(entry);
      else if (value !== undefined) writer.changed(entry.key, current);
    }
    for (const key of added.slice(nextAdded)) writer.changed(key, current);
    writer.close();
  }
}

function isBefore(key: string | undefined, other: string): boolean {
  return key !== undefined && compareText(key, other) < 0;
}

/** A canonical text in pieces, and a short key that two equal texts over the same base share. */
class CanonicalText {
  readonly #pieces: (string | Buffer)[] = [];
  #key = "";

  get key(): string {
    return this.#key;
  }

  add(piece: string): void {
    this.#pieces.push(piece);
    this.#key += piece;
  }

  /** Adds a range of a base's text; a control character keeps its place in the key apart from JSON. */
  addRange(base: Buffer, { start, end }: { start: number; end: number }): void {
    this.#pieces.push(base.subarray(start, end));
    this.#key += `\u0000${start}-${end}`;
  }

  hashFrom(before: Hash): string {
    const hash = before.copy();
    for (const piece of this.#pieces) hash.update(piece);
    return hash.digest("hex");
  }
}

/** Writes dict entries, neighbouring unchanged ones as one range of the base's text. */
class EntryWriter {
  readonly #text: CanonicalText;
  readonly #base: Buffer;
  #run: { start: number; end: number } | null = null;
  #isEmpty = true;

  constructor(text: CanonicalText, base: Buffer) {
    this.#text = text;
    this.#base = base;
    text.add("{");
  }

  unchanged(entry: BaseEntry): void {
    if (this.#run !== null && this.#run.end + 2 === entry.start) this.#run.end = entry.end;
    else {
      this.#flush();
      this.#run = { start: entry.start, end: entry.end };
    }
  }

  changed(key: string, current: PyDict): void {
    this.#flush();
    this.#separate();
    this.#text.add(`${jsonString(key)}: ${dumpCanonical(current.get(key) ?? null)}`);
  }

  close(): void {
    this.#flush();
    this.#text.add("}");
  }

  #flush(): void {
    if (this.#run === null) return;
    this.#separate();
    this.#text.addRange(this.#base, this.#run);
    this.#run = null;
  }

  #separate(): void {
    if (!this.#isEmpty) this.#text.add(", ");
    this.#isEmpty = false;
  }
}
