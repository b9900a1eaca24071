import {
  NotCovered,
  Rounded,
  type Compared,
  type FigureCoverage,
  type Expected,
  type Unequal,
} from "./figure.ts";
import type { JsonValue } from "../evidence/json-value.ts";

/** Sums of floats in another order differ from about the 15th digit on; what a bootstrap makes of them from about the 11th. */
const alike = 5e-10;

/** Whether two numbers say the same: to nine digits. */
export function sameNumber(a: number, b: number): boolean {
  const size = Math.max(Math.abs(a), Math.abs(b));
  // What is nothing but the rounding of a difference that is 0 may be anything; small chances and shares have digits that count.
  const rounding = size < 1e-8 ? 1e-12 : 5e-15;
  return Math.abs(a - b) <= alike * size + rounding;
}

interface Place {
  readonly file: string;
  readonly path: string;
  readonly kind: string;
}

/** Holds what a file says against what it should say. Pure. */
export function compareFigures(file: string, expected: Expected, said: JsonValue): Compared {
  const unequal: Unequal[] = [];
  const counts = new Map<string, FigureCoverage>();
  const count = (kind: string, reason: string | null) => {
    const key = JSON.stringify([kind, reason]);
    counts.set(key, { file, kind, reason, count: (counts.get(key)?.count ?? 0) + 1 });
  };
  const differ = (place: Place, should: string, is: string) =>
    unequal.push({ figure: place.path, file, said: is, recomputed: should });

  const visit = (should: Expected | undefined, is: JsonValue | undefined, place: Place): void => {
    if (should === undefined || should instanceof NotCovered) {
      leaves(is, place.kind, (kind) => count(kind, should?.reason ?? noRule));
    } else if (Array.isArray(should) && Array.isArray(is)) {
      if (should.length !== is.length) differ(place, `${should.length} entries`, `${is.length} entries`);
      const wanted = byName(should);
      const seen = new Set<string>();
      for (const [index, entry] of is.entries()) {
        const name = nameOf(entry) ?? String(index);
        const pair = wanted === null ? should[index] : wanted.get(name);
        if (wanted !== null && (pair === undefined || seen.has(name)))
          differ(
            { ...place, path: `${place.path}[${name}]` },
            seen.has(name) ? "one entry" : "nothing",
            "an entry",
          );
        seen.add(name);
        visit(pair, entry, {
          file,
          path: `${place.path}[${name}]`,
          kind: place.kind === "" ? "*" : `${place.kind}.*`,
        });
      }
    } else if (isObject(should) && isObject(is)) {
      for (const name of new Set([...Object.keys(should), ...Object.keys(is)])) {
        const [path, kind] = [place.path, place.kind].map((above) =>
          above === "" ? name : `${above}.${name}`,
        );
        if (is[name] === undefined && namedLater.has(name)) continue;
        visit(should[name], is[name], { file, path: path ?? name, kind: kind ?? name });
      }
    } else {
      if (!sameLeaf(should, is)) differ(place, shown(should), shown(is));
      if (isFigure(is) || isFigure(should)) count(place.kind, null);
    }
  };
  visit(expected, said, { file, path: "", kind: "" });
  return { unequal, coverage: [...counts.values()] };
}

const noRule = "nothing here recomputes it";

function sameLeaf(should: Expected, is: JsonValue | undefined): boolean {
  if (should instanceof Rounded)
    return typeof is === "number" && Math.abs(is - should.value) <= (should.step / 2) * (1 + alike);
  if (typeof should === "number" && typeof is === "number") return sameNumber(should, is);
  return should === is;
}

/** A number, or a text that holds digits. */
function isFigure(value: unknown): boolean {
  return typeof value === "number" || (typeof value === "string" && /\d/.test(value));
}

function leaves(value: JsonValue | undefined, kind: string, take: (kind: string) => void): void {
  if (Array.isArray(value)) for (const entry of value) leaves(entry, `${kind}.*`, take);
  else if (isObject(value))
    for (const [name, entry] of Object.entries(value))
      leaves(entry, kind === "" ? name : `${kind}.${name}`, take);
  else if (isFigure(value)) take(kind);
}

function isObject<Value>(value: unknown): value is { readonly [name: string]: Value } {
  return (
    typeof value === "object" &&
    value !== null &&
    !Array.isArray(value) &&
    !(value instanceof NotCovered || value instanceof Rounded)
  );
}

/** What reports of an older Tollgate do not have. What a report does not say cannot be wrong. */
const namedLater: ReadonlySet<string> = new Set([
  "ttftGroups",
  "overTime",
  "engineLatencies",
  "tokensPerChunk",
  "cameAtOnce",
  "failures",
  "agentErrors",
  "fidelity",
  "coverage",
  "floors",
  "aboveProxy",
  "byAxis",
  "lengths",
]);

const naming = [
  "cellId",
  "load",
  "variant",
  "baseline",
  "arm",
  "repetition",
  "trial",
  "group",
  "task",
  "metric",
  "quantity",
  "length",
  "segmentId",
];

/** An entry of a list is named by what it is about; null where that says nothing. */
function nameOf(entry: unknown): string | null {
  if (!isObject<unknown>(entry)) return null;
  for (const name of ["cellId", "episodeId"]) {
    const id = entry[name];
    if (typeof id === "string") return id;
  }
  const { axis, value: place } = entry;
  if (typeof axis === "string") return `${axis} ${String(place)}`;
  const names = naming.flatMap((name) => {
    const value = entry[name];
    if (value === null) return ["all"];
    return typeof value === "string" || typeof value === "number" ? [String(value)] : [];
  });
  return names.length === 0 ? null : names.join(" ");
}

/** Entries by their names; null where they have none, or not one each. */
function byName(list: readonly Expected[]): ReadonlyMap<string, Expected> | null {
  const named = new Map(
    list.flatMap((entry) => {
      const name = nameOf(entry);
      return name === null ? [] : [[name, entry] as const];
    }),
  );
  return named.size === list.length ? named : null;
}

function shown(value: unknown): string {
  if (value instanceof Rounded) return String(value.value);
  return value === undefined ? "nothing" : JSON.stringify(value);
}
