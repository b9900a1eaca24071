import type { Difference } from "../../analysis/estimates/paired-difference.ts";
import type { Floor } from "../../analysis/overhead/floor.ts";
import type { Overhead } from "../../analysis/overhead/overhead.ts";
import { placeOf } from "../../store/place.ts";
import type { IntervalPicture, IntervalRow } from "./document.ts";

/** Which arms have to show nothing. */
export interface ControlArms {
  /** Proxies that do nothing. */
  readonly proxies: ReadonlySet<string>;
  /** The baseline under another name. */
  readonly again: ReadonlySet<string>;
}

/** What each arm adds on the way, a group for each load: the answer of a sweep as a picture. null without a second arm. */
export function overheadPicture(
  overheads: readonly Overhead[],
  floors: readonly Floor[],
  controls: ControlArms,
): IntervalPicture | null {
  const [first] = overheads;
  if (first === undefined) return null;
  const name = `What an arm adds on the way, ms per whole request, against ${first.baseline}`;
  return {
    name,
    caption: `${name}: estimate and 95 % interval, each for itself. Filled: what is compared. ${controlText(overheads, floors, controls)}`,
    axis: `ms: left of 0 the arm is faster than ${first.baseline}, right of 0 slower`,
    groups: [...Map.groupBy(overheads, placeOf)].map(([load, same]) => ({
      title: load,
      rows: [
        ...same.flatMap((overhead) => rowsOf(overhead, controls)),
        ...floors.filter((floor) => placeOf(floor) === load).map(floorRow),
      ],
    })),
  };
}

function controlText(
  overheads: readonly Overhead[],
  floors: readonly Floor[],
  { proxies, again }: ControlArms,
): string {
  const baseline = overheads[0]?.baseline ?? "the baseline";
  const proxy =
    proxies.size > 0
      ? "Hollow square: a proxy that does nothing. Its own: what is left when that is taken off."
      : "A null proxy among the arms would say how much of it any proxy costs.";
  if (floors.length > 0)
    return `${proxy} Hollow circle: ${baseline} against itself (A/A), the second repetition minus the first and so on: what this run shows where there is nothing to find.`;
  if (again.size > 0) return `${proxy} Hollow circle: ${baseline} under another name (A/A).`;
  return `${proxy} ${baseline} ran once at each load, so nothing shows what this run sees where there is nothing to find: sweep.repetitions: 2 or more gives that floor (A/A).`;
}

function rowsOf(
  { arm, refused, pathMs, aboveProxy }: Overhead,
  { proxies, again }: ControlArms,
): IntervalRow[] {
  const [mark, suffix] = proxies.has(arm)
    ? (["nullProxy", " (any proxy)"] as const)
    : again.has(arm)
      ? (["aaRun", " (A/A)"] as const)
      : (["compared", ""] as const);
  const absent = refused === null ? "absent: n too small" : "not stated: see the table";
  const row = rowOf(pathMs.whole, { label: `${arm}${suffix}`, mark, absent });
  if (aboveProxy === undefined) return [row];
  return [row, rowOf(aboveProxy.whole, { label: `${arm}: its own`, mark: "compared", absent })];
}

function floorRow({ arm, refused, pathMs }: Floor): IntervalRow {
  const absent = refused === null ? "absent: n too small" : "not stated: see the table";
  return rowOf(pathMs.whole, { label: `${arm} again (A/A floor)`, mark: "aaRun", absent });
}

function rowOf(
  { difference: { value, low, high, count } }: Difference,
  about: Pick<IntervalRow, "label" | "mark" | "absent">,
): IntervalRow {
  const known = value !== null && low !== null && high !== null;
  return { ...about, interval: known ? { estimate: value, low, high } : null, count };
}
