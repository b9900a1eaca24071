import { createHash } from "node:crypto";
import type { Hash } from "node:crypto";
import { dumpCanonical, jsonString } from "./python/json-dump.ts";
import { deepCopy, Model, share } from "./python/model.ts";
import { compareText } from "./python/text-order.ts";
import type { PyDict, PyValue } from "./python/value.ts";

/**
 * A database that was read once and is the start of every environment. Environments get their own dicts over shared
 * models, and a hash costs only what an environment changed.
 */
export class Database {
  readonly #base: Model;
  readonly #fields: readonly BaseField[];
  readonly #baseHash: string;

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
    const hash = start.before.copy();
    for (const field of this.#fields.slice(first)) {
      const value = current.values[field.slot] ?? null;
      hash.update(field.opening);
      if (field.dict !== null && value instanceof Map) field.dict.update(hash, value);
      else hash.update(dumpCanonical(value));
    }
    return hash.update("}").digest("hex");
  }
}

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

  /** Adds the canonical text of `current` to a hash, from the base's text where nothing changed. */
  update(hash: Hash, current: PyDict): void {
    const writer = new EntryWriter(hash, this.text);
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

/** Writes dict entries to a hash, neighbouring unchanged ones as one piece of the base's text. */
class EntryWriter {
  readonly #hash: Hash;
  readonly #text: Buffer;
  #run: { start: number; end: number } | null = null;
  #isEmpty = true;

  constructor(hash: Hash, text: Buffer) {
    this.#hash = hash;
    this.#text = text;
    hash.update("{");
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
    this.#hash.update(`${jsonString(key)}: ${dumpCanonical(current.get(key) ?? null)}`);
  }

  close(): void {
    this.#flush();
    this.#hash.update("}");
  }

  #flush(): void {
    if (this.#run === null) return;
    this.#separate();
    this.#hash.update(this.#text.subarray(this.#run.start, this.#run.end));
    this.#run = null;
  }

  #separate(): void {
    if (!this.#isEmpty) this.#hash.update(", ");
    this.#isEmpty = false;
  }
}
