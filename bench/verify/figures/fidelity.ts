import type { StretchEvidence } from "../evidence/cell-evidence.ts";
import { get, type JsonValue } from "../evidence/json-value.ts";
import { NotCovered, type Expected } from "./figure.ts";

/** Counts of what was compared, summed over the stretches; findings are sentences. */
export function fidelityOf(used: readonly StretchEvidence[]): { readonly [name: string]: Expected } {
  const known = used.flatMap(({ fidelity }) => (fidelity === null ? [] : [fidelity]));
  if (known.length === 0) return {};
  const sum = (name: string) => known.reduce<number>((all, one) => all + Number(get(one, name)), 0);
  const unknown = new Map<string, number>();
  for (const one of known.flatMap((facts) => listIn(facts, "unknown"))) {
    const what = textOf(get(one, "what"));
    unknown.set(what, (unknown.get(what) ?? 0) + Number(get(one, "count")));
  }
  return {
    fidelity: {
      arm: get(known[0], "arm"),
      requests: sum("requests"),
      comparedRequests: sum("comparedRequests"),
      comparedAnswers: sum("comparedAnswers"),
      findings:
        known.length === 1
          ? listIn(known[0] ?? null, "findings")
          : new NotCovered("findings of several segments, which are counted together by their words"),
      unknown: [...unknown].map(([what, count]) => ({ what, count })),
    },
  };
}

function listIn(value: JsonValue, name: string): readonly JsonValue[] {
  const list = get(value, name);
  return Array.isArray(list) ? (list as readonly JsonValue[]) : [];
}

function textOf(value: JsonValue): string {
  return typeof value === "string" ? value : "";
}
