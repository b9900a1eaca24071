/** A value that several files have written together; every part of it knows which file it is from. */
export type Layered<Origin> =
  | { readonly origin: Origin; readonly members: ReadonlyMap<string, Layered<Origin>> }
  /** A single value, or a list: those are replaced whole. */
  | { readonly origin: Origin; readonly value: unknown };

type Path = readonly PropertyKey[];

/** What one file says. */
export function layered<Origin>(value: unknown, origin: Origin): Layered<Origin> {
  if (value === null || typeof value !== "object" || Array.isArray(value)) return { origin, value };
  const members = Object.entries(value).map(([key, item]) => [key, layered<Origin>(item, origin)] as const);
  return { origin, members: new Map(members) };
}

/** The kind that a mapping is of which names none; undefined where that is not known. */
export type ImpliedKind = (path: readonly string[]) => string | undefined;

/**
 * What `over` says, and what `under` says of everything else: mappings are merged key by key, and lists and single values are
 * replaced. A mapping that names another `kind` replaces the one below it whole, because the keys of a kind mean nothing to another.
 */
export function mergedOver<Origin>(
  over: Layered<Origin>,
  under: Layered<Origin>,
  impliedKind: ImpliedKind,
): Layered<Origin> {
  return mergedAt([], { over, under, impliedKind });
}

interface Merging<Origin> {
  readonly over: Layered<Origin>;
  readonly under: Layered<Origin>;
  readonly impliedKind: ImpliedKind;
}

function mergedAt<Origin>(path: readonly string[], merging: Merging<Origin>): Layered<Origin> {
  const { over, under, impliedKind } = merging;
  if (!("members" in over) || !("members" in under)) return over;
  const kind = kindOf(over);
  const kindBelow = kindOf(under) ?? impliedKind(path);
  if (kind !== undefined && kindBelow !== undefined && kind !== kindBelow) return over;
  const members = new Map(under.members);
  for (const [key, item] of over.members) {
    const below = under.members.get(key);
    const merged =
      below === undefined ? item : mergedAt([...path, key], { over: item, under: below, impliedKind });
    members.set(key, merged);
  }
  return { origin: over.origin, members };
}

function kindOf<Origin>(mapping: Layered<Origin>): unknown {
  const kind = "members" in mapping ? mapping.members.get("kind") : undefined;
  return kind !== undefined && "value" in kind ? kind.value : undefined;
}

export function plainValue(part: Layered<unknown>): unknown {
  if ("value" in part) return part.value;
  return Object.fromEntries([...part.members].map(([key, item]) => [key, plainValue(item)]));
}

/** Who wrote what stands at a path; of what nobody wrote, who wrote what is around it. */
export function originAt<Origin>(whole: Layered<Origin>, path: Path): Origin {
  let part = whole;
  for (const key of path) {
    const inner = "members" in part ? part.members.get(String(key)) : undefined;
    if (inner === undefined) break;
    part = inner;
  }
  return part.origin;
}
