import { attributeError } from "./error.ts";
import { compareText } from "./text-order.ts";
import type { PyValue } from "./value.ts";
import type { FieldType } from "./field-type.ts";

export interface Field {
  readonly name: string;
  readonly type: FieldType;
  /** Absent: the field is required. Called once per model that lacks the field; not validated, as in pydantic. */
  readonly makeDefault?: () => PyValue;
}

interface FieldHead {
  readonly head: string;
  readonly slot: number;
}

/** A pydantic model class: fields in dump order (those of base classes first), and what happens to unknown keys. */
export class ModelType {
  readonly name: string;
  readonly fields: readonly Field[];
  readonly forbidsExtra: boolean;
  /** `"name": ` and the slot of each field, in dump order and sorted by name. */
  readonly fieldHeads: readonly FieldHead[];
  readonly sortedFields: readonly FieldHead[];
  readonly #slots: ReadonlyMap<string, number>;

  constructor(name: string, fields: readonly Field[], forbidsExtra: boolean) {
    this.name = name;
    this.fields = fields;
    this.forbidsExtra = forbidsExtra;
    this.fieldHeads = fields.map((field, slot) => ({ head: `"${field.name}": `, slot }));
    this.sortedFields = [...this.fieldHeads].sort((a, b) => compareText(a.head, b.head));
    this.#slots = new Map(fields.map((field, slot) => [field.name, slot]));
  }

  slotOf(field: string): number | undefined {
    return this.#slots.get(field);
  }
}

/**
 * An instance of a model. Assigned values are not validated (tau2 relies on that), so a field can hold anything.
 * A model of a loaded database is `shared` by all environments and refuses writes; `ownCopy` gives one to write to.
 */
export class Model {
  readonly type: ModelType;
  readonly values: PyValue[];
  shared = false;

  constructor(type: ModelType, values: PyValue[]) {
    this.type = type;
    this.values = values;
  }

  get(field: string): PyValue {
    const slot = this.type.slotOf(field);
    const value = slot === undefined ? undefined : this.values[slot];
    if (value === undefined) throw attributeError(this.type.name, field);
    return value;
  }

  set(field: string, value: PyValue): void {
    if (this.shared)
      throw new Error(`bug: write to ${this.type.name}.${field}, which all environments share`);
    const slot = this.type.slotOf(field);
    if (slot === undefined) throw new Error(`bug: ${this.type.name} has no field ${field}`);
    this.values[slot] = value;
  }
}

/** Marks a value and everything in it as shared: models refuse writes, lists are frozen. Dicts cannot be frozen. */
export function share(value: PyValue): void {
  if (value instanceof Model) {
    value.shared = true;
    for (const item of value.values) share(item);
    Object.freeze(value.values);
  } else if (Array.isArray(value)) {
    for (const item of value) share(item);
    Object.freeze(value);
  } else if (value instanceof Map) {
    for (const item of value.values()) share(item);
  }
}

/** A deep copy that may be written to. Scalars, dates and enum members are immutable and stay the same. */
export function deepCopy<Value extends PyValue>(value: Value): Value;
export function deepCopy(value: PyValue): PyValue {
  if (value instanceof Model) return new Model(value.type, value.values.map(copyItem));
  if (Array.isArray(value)) return value.map(copyItem);
  if (value instanceof Map) {
    const copy = new Map<string, PyValue>();
    for (const [key, item] of value) copy.set(key, copyItem(item));
    return copy;
  }
  return value;
}

function copyItem(value: PyValue): PyValue {
  return typeof value === "object" && value !== null ? deepCopy(value) : value;
}

/**
 * Python's `d[key]` for an entity that is about to be written: a shared model is replaced in the dict by its copy.
 * The key must be in the dict.
 */
export function ownEntry(dict: Map<string, PyValue>, key: string): Model {
  const entry = dict.get(key);
  if (!(entry instanceof Model)) throw new Error(`bug: no model under ${key}`);
  if (!entry.shared) return entry;
  const copy = deepCopy(entry);
  dict.set(key, copy);
  return copy;
}
