/** What a page declares a metric to be. `untyped` covers everything without a usable TYPE line. */
export type MetricKind = "counter" | "gauge" | "histogram" | "summary" | "untyped";

/** What a sample is within its metric. `created` is a time stamp, never a count. */
export type SampleRole = "value" | "bucket" | "sum" | "count" | "created";

export interface Membership {
  readonly family: string;
  readonly kind: MetricKind;
  readonly role: SampleRole;
}

/** Follows the TYPE lines of one page and tells to which metric each sample name belongs. */
export interface FamilyTracker {
  /** `changed`: it was declared before, as something else. */
  declare(family: string, type: string): "new" | "changed";
  resolve(name: string): Membership;
}

const suffixRoles: Readonly<Record<Exclude<MetricKind, "untyped">, ReadonlyMap<string, SampleRole>>> = {
  counter: new Map([
    ["", "value"],
    ["_total", "value"],
    ["_created", "created"],
  ]),
  gauge: new Map([["", "value"]]),
  histogram: new Map([
    ["_bucket", "bucket"],
    ["_sum", "sum"],
    ["_count", "count"],
    ["_created", "created"],
  ]),
  summary: new Map([
    ["", "value"],
    ["_sum", "sum"],
    ["_count", "count"],
    ["_created", "created"],
  ]),
};
const suffixes = ["_total", "_created", "_bucket", "_sum", "_count"] as const;

/**
 * A sample belongs to the metric whose block it stands in; otherwise to the metric declared under its own name;
 * otherwise to one declared under its name without a suffix. That order settles pages on which a gauge is called
 * `s_count` and a histogram `s`.
 */
export function createFamilyTracker(): FamilyTracker {
  const declared = new Map<string, MetricKind>();
  let current: { readonly family: string; readonly kind: MetricKind } | null = null;
  const member = (name: string, family: string): Membership | null => {
    const kind = current?.family === family ? current.kind : declared.get(family);
    if (kind === undefined || kind === "untyped" || !name.startsWith(family)) return null;
    const role = suffixRoles[kind].get(name.slice(family.length));
    return role === undefined ? null : { family, kind, role };
  };
  return {
    declare(family, type) {
      const kind = kindOf(type);
      const before = declared.get(family);
      declared.set(family, kind);
      current = { family, kind };
      return before === undefined || before === kind ? "new" : "changed";
    },
    resolve(name) {
      const inBlock = current === null ? null : member(name, current.family);
      if (inBlock !== null) return inBlock;
      const own = member(name, name);
      if (own !== null) return own;
      for (const suffix of suffixes) {
        if (!name.endsWith(suffix)) continue;
        const found = member(name, name.slice(0, -suffix.length));
        if (found !== null) return found;
      }
      return untypedMembership(name);
    },
  };
}

/** Without a TYPE line only the naming convention is left: it tells buckets, sums, counts and creation times apart. */
function untypedMembership(name: string): Membership {
  for (const [suffix, role] of suffixRoles.histogram) {
    if (name.endsWith(suffix)) return { family: name.slice(0, -suffix.length), kind: "untyped", role };
  }
  return { family: name, kind: "untyped", role: "value" };
}

function kindOf(type: string): MetricKind {
  switch (type) {
    case "counter":
    case "gauge":
    case "histogram":
    case "summary":
      return type;
    default:
      return "untyped";
  }
}
