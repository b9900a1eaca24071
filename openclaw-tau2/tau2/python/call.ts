import { typeError } from "./error.ts";
import type { PythonError } from "./error.ts";
import type { Versions } from "./validation.ts";
import type { PyDict, PyValue } from "./value.ts";

/** Marks a parameter without default. */
export const REQUIRED: unique symbol = Symbol("required");

/** The parameters of a Python function after `self`, in order, with their defaults. */
export type Signature<Name extends string> = Readonly<Record<Name, PyValue | typeof REQUIRED>>;

interface Callee {
  /** `Class.function`, as TypeErrors show it. */
  readonly qualifiedName: string;
  readonly signature: Signature<string>;
}

/**
 * Python's binding of keyword arguments: unexpected keywords are reported before missing ones, in the order of the
 * arguments. Throws TypeError with the text of the Python version.
 */
export function bindArguments(callee: Callee, given: PyDict, versions: Versions): Record<string, PyValue> {
  const { qualifiedName, signature } = callee;
  for (const key of given.keys()) {
    if (Object.hasOwn(signature, key)) continue;
    if (key === "self") throw typeError(`${qualifiedName}() got multiple values for argument 'self'`);
    const hint = versions.python === "3.13" ? suggestion(key, ["self", ...Object.keys(signature)]) : "";
    throw typeError(`${qualifiedName}() got an unexpected keyword argument '${key}'${hint}`);
  }
  const bound: Record<string, PyValue> = {};
  const missing: string[] = [];
  for (const name of Object.keys(signature)) {
    const value = given.get(name) ?? (given.has(name) ? null : signature[name]);
    if (value === REQUIRED || value === undefined) missing.push(name);
    else bound[name] = value;
  }
  if (missing.length > 0) throw missingError(qualifiedName, missing);
  return bound;
}

function missingError(qualifiedName: string, names: readonly string[]): PythonError {
  const quoted = names.map((name) => `'${name}'`);
  const last = quoted.pop() ?? "";
  const comma = names.length > 2 ? "," : "";
  const list = quoted.length === 0 ? last : `${quoted.join(", ")}${comma} and ${last}`;
  const plural = names.length === 1 ? "" : "s";
  return typeError(
    `${qualifiedName}() missing ${names.length} required positional argument${plural}: ${list}`,
  );
}

const MOVE_COST = 2;
const CASE_COST = 1;
const MAX_NAME_LENGTH = 40;

/** The "Did you mean" that Python 3.13 appends when a keyword resembles a parameter. */
function suggestion(key: string, parameters: readonly string[]): string {
  let best: string | undefined;
  let bestDistance = Number.POSITIVE_INFINITY;
  for (const parameter of parameters) {
    const limit = Math.min(
      Math.floor(((key.length + parameter.length + 3) * MOVE_COST) / 6),
      bestDistance - 1,
    );
    const distance = editDistance(key, parameter);
    if (distance > limit) continue;
    best = parameter;
    bestDistance = distance;
  }
  return best === undefined ? "" : `. Did you mean '${best}'?`;
}

function editDistance(left: string, right: string): number {
  if (left.length > MAX_NAME_LENGTH || right.length > MAX_NAME_LENGTH) return Number.POSITIVE_INFINITY;
  let row = Array.from({ length: right.length + 1 }, (_, index) => index * MOVE_COST);
  for (const a of left) {
    const next = [(row[0] ?? 0) + MOVE_COST];
    for (const [index, b] of Array.from(right).entries()) {
      const substituted = (row[index] ?? 0) + substitutionCost(a, b);
      next.push(Math.min(substituted, (row[index + 1] ?? 0) + MOVE_COST, (next[index] ?? 0) + MOVE_COST));
    }
    row = next;
  }
  return row[right.length] ?? 0;
}

function substitutionCost(a: string, b: string): number {
  if (a === b) return 0;
  return a.toLowerCase() === b.toLowerCase() ? CASE_COST : MOVE_COST;
}
