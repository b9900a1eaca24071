import type { Sample } from "./exposition.ts";
import { engineProfiles } from "./profiles/known-engines.ts";

const counterNames: ReadonlySet<string> = new Set(
  engineProfiles.flatMap(({ counters }) => Object.values(counters).flatMap((source) => source?.names ?? [])),
);
const gaugeNames: ReadonlySet<string> = new Set(
  engineProfiles.flatMap(({ gauges }) => Object.values(gauges).flat()),
);

/** Known by its engine, declared a counter, or undeclared and named like one. */
export function isCounter({ name, kind }: Sample): boolean {
  if (gaugeNames.has(name)) return false;
  if (counterNames.has(name)) return true;
  return kind === "counter" || (kind === "untyped" && name.endsWith("_total"));
}

/** Whether a counter counts things that have no parts: tokens, requests. */
export function countsWhole(name: string): boolean {
  return counterNames.has(name);
}

/** Names that a page declares to be what they are not. They are read as what they are. */
export function misdeclared(samples: readonly Sample[]): readonly string[] {
  const wrong = samples.flatMap(({ name, kind }) => {
    if (gaugeNames.has(name) && kind === "counter") {
      return [`${name} is declared a counter and goes up and down; it is read as a gauge`];
    }
    if (counterNames.has(name) && kind === "gauge") {
      return [`${name} is declared a gauge and only rises; it is read as a counter`];
    }
    return [];
  });
  return [...new Set(wrong)];
}
