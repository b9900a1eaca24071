import type { z } from "zod";

type Path = readonly PropertyKey[];

/** Where a schema wants a list and a single value stands: `concurrency: 4` means `[4]`. */
export function singleValues(plain: unknown, schema: z.ZodType): readonly Path[] {
  const issues = schema.safeParse(plain).error?.issues ?? [];
  return issues.flatMap((issue) =>
    issue.code === "invalid_type" &&
    issue.expected === "array" &&
    isSingle(valueAt(plain, issue.path), issue.path.at(-1))
      ? [issue.path]
      : [],
  );
}

/** The same with these values as lists of one. */
export function asLists(value: unknown, paths: readonly Path[]): unknown {
  return paths.reduce(wrapped, value);
}

function wrapped(value: unknown, [key, ...rest]: Path): unknown {
  if (key === undefined) return [value];
  if (Array.isArray(value))
    return value.map((item, at) => (String(at) === String(key) ? wrapped(item, rest) : item));
  if (value === null || typeof value !== "object") return value;
  const entries = Object.entries(value);
  return Object.fromEntries(
    entries.map(([name, item]) => [name, name === String(key) ? wrapped(item, rest) : item]),
  );
}

function valueAt(value: unknown, path: Path): unknown {
  return path.reduce<unknown>(
    (outer, key) => (outer !== null && typeof outer === "object" ? Reflect.get(outer, key) : undefined),
    value,
  );
}

/** A command line is several words, and no shell would part them. */
function isSingle(value: unknown, key: PropertyKey | undefined): boolean {
  if (typeof value === "string" && /command$/i.test(String(key))) return !/\s/.test(value.trim());
  return ["string", "number", "boolean"].includes(typeof value);
}
