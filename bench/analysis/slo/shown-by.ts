import type { Slo, TimeObjective } from "../../config/slo-schema.ts";
import { meanOf, minimumSamples } from "../../statistics/distribution.ts";
import { shares, statisticOf, type ObservedCell, type Outcome } from "./observed-cell.ts";
import { passRateDrop } from "./pass-rate-drop.ts";

/** What numbers alone say, without any interval. `unknown`: there are none. */
export type Shown = "within" | "beyond" | "unknown";

/**
 * Enough to see where to look next; it decides nothing. A load that was not held counts as it shows: what an agent rests between two
 * episodes is less of its time at higher loads, where episodes take longer.
 */
export function shownBy(
  cells: readonly ObservedCell[],
  slo: Slo,
  baseline: readonly Outcome[] | null,
): Shown {
  if (cells.some(({ spoiled }) => spoiled !== null)) return "beyond";
  if (cells.some(({ unusable }) => unusable !== null)) return "unknown";
  const times = slo.times.map((objective) => timeShown(cells, objective));
  if (times.includes("unknown")) return "unknown";
  if (times.includes("beyond")) return "beyond";
  // A few tasks that end otherwise by chance are a large drop: it shows something only where nothing else is limited.
  if (times.length > 0 || slo.passRateDrop === null || baseline === null) return "within";
  const { value } = passRateDrop(
    baseline,
    cells.flatMap(({ outcomes }) => outcomes),
  );
  if (value === null) return "unknown";
  return value <= slo.passRateDrop.limit ? "within" : "beyond";
}

function timeShown(cells: readonly ObservedCell[], { measure, statistic, limitMs }: TimeObjective): Shown {
  const values = cells.flatMap((cell) => cell.values[measure].map(({ value }) => value));
  if (values.length === 0) return "unknown";
  if (statistic === "mean" || values.length >= minimumSamples(shares[statistic]))
    return statisticOf(values, statistic) <= limitMs ? "within" : "beyond";
  const beyond = meanOf(values.map((value) => (value > limitMs ? 1 : 0)));
  return beyond <= 1 - shares[statistic] ? "within" : "beyond";
}
