import type { EnumMember } from "./enum-member.ts";
import type { Model } from "./model.ts";

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

export function isDict(value: PyValue): value is PyDict {
  return value instanceof Map;
}

export function isList(value: PyValue): value is PyList {
  return Array.isArray(value);
}
