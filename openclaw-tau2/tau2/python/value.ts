import type { EnumMember } from "./enum-member.ts";
import { attributeError } from "./error.ts";
import { compareText } from "./text-order.ts";

/**
 * A Python value as the tau2 tools see it. JavaScript's own types stand where they keep Python's meaning:
 * a `number` is always an int (a safe integer), a bigger int is a `bigint`, a float is a `PyFloat`, a dict is a `Map`
 * (insertion order also for keys that look like integers), a list is an array.
 */
export type PyValue =
  null | boolean | number | bigint | string | PyFloat | PyDate | EnumMember | Model | PyList | PyDict;
export type PyInt = number | bigint;
export type PyList = PyValue[];
export interface PyDict extends Map<string, PyValue> {}

/** A Python float. Boxed, because `2.0` and `2` print and hash differently. */
export class PyFloat {
  readonly value: number;

  constructor(value: number) {
    this.value = value;
  }
}

/** A Python `date` or `datetime` without zone; `iso` is its `isoformat()`. */
export class PyDate {
  readonly kind: "date" | "datetime";
  readonly iso: string;

  constructor(kind: "date" | "datetime", iso: string) {
    this.kind = kind;
    this.iso = iso;
  }

  /** Python's `str()`: a datetime has a space where ISO has a `T`. */
  toString(): string {
    return this.kind === "datetime" ? this.iso.replace("T", " ") : this.iso;
  }
}

export function float(value: number): PyFloat {
  return new PyFloat(value);
}

/** The int of an exact integer: a `number` while it is safe, else a `bigint`. */
export function normalizeInt(value: bigint): PyInt {
  return value >= BigInt(Number.MIN_SAFE_INTEGER) && value <= BigInt(Number.MAX_SAFE_INTEGER)
    ? Number(value)
    : value;
}

/** Where validation notes what is wrong with an input, and how deep in it we are. */
export interface Issues {
  /** Notes an issue at the current place. Returns undefined, which stands for "not valid" in every field type. */
  fail(kind: string, message: string, input: PyValue): undefined;
  /** Runs `validate` one step deeper in the input. */
  at<Value>(step: string | number, validate: () => Value): Value;
  /** How many issues there are; `rewind` forgets the ones after such a mark. */
  readonly mark: number;
  rewind(mark: number): void;
}

/** Validates like pydantic in lax mode: the coerced value, or undefined after recording what is wrong. */
export interface FieldType {
  /** How pydantic names the type in the location of a union's errors. */
  readonly label: string;
  validate(input: PyValue, issues: Issues): PyValue | undefined;
}

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
