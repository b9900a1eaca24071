import type { Difference } from "../../analysis/estimates/paired-difference.ts";
import type { Overhead } from "../../analysis/overhead/overhead.ts";
import type { IntervalPicture, IntervalRow } from "./document.ts";

/** What each arm adds on the way, a group for each load: the answer of a sweep as a picture. null without a second arm. */
export function overheadPicture(
  overheads: readonly Overhead[],
  proxies: ReadonlySet<string>,
): IntervalPicture | null {
  const [first] = overheads;
  if (first === undefined) return null;
  const name = `What an arm adds on the way, ms per whole request, against ${first.baseline}`;
  const controls = proxies.size > 0;
  return {
    name,
    caption: `${name}: estimate and 95 % interval. Filled: what is compared.${controls ? " Hollow square: a proxy that does nothing. Its own: what is left when that is taken off." : " A null proxy among the arms would say how much of it any proxy costs."}`,
    axis: `ms: left of 0 the arm is faster than ${first.baseline}, right of 0 slower`,
    groups: [...Map.groupBy(overheads, ({ load }) => load)].map(([load, same]) => ({
      title: load,
      rows: same.flatMap((overhead) => rowsOf(overhead, proxies)),
    })),
  };
}

function rowsOf({ arm, refused, pathMs, aboveProxy }: Overhead, proxies: ReadonlySet<string>): IntervalRow[] {
  const isProxy = proxies.has(arm);
  const label = isProxy ? `${arm} (any proxy)` : arm;
  const absent = refused === null ? "absent: n too small" : "not stated: see the table";
  const row = rowOf(pathMs.whole, { label, mark: isProxy ? "nullProxy" : "compared", absent });
  if (aboveProxy === undefined) return [row];
  return [row, rowOf(aboveProxy.whole, { label: `${arm}: its own`, mark: "compared", absent })];
}

function rowOf(
  { difference: { value, low, high, count } }: Difference,
  about: Pick<IntervalRow, "label" | "mark" | "absent">,
): IntervalRow {
  const known = value !== null && low !== null && high !== null;
  return { ...about, interval: known ? { estimate: value, low, high } : null, count };
}
