import type { ArmCapacity, CapacityAnswer, CapacityLoad } from "../../analysis/capacity/capacity-answer.ts";
import { absent, numberText } from "./number-text.ts";
import { findingWords, limitText, measuredText } from "./slo-table.ts";
import { filled, left, right, type Table, type TableOf } from "./table.ts";

/** The answer of each arm. */
export const capacities: TableOf<ArmCapacity> = {
  title: "Capacity",
  columns: [
    left("arm", ({ arm }) => arm),
    left("agents in flight", rangeText, "the most that hold sweep.slo: both ends included, 95 %"),
    left("per GPU", perGpuText, "the same over the GPUs of the agent's engine"),
    right(
      "ep\n/min",
      ({ episodesPerMinute }) => numberText(episodesPerMinute?.value ?? null),
      "at the lower end",
    ),
    right("good\n/min", ({ goodput }) => numberText(goodput?.value ?? null), "goodput at the lower end"),
  ],
};

interface LoadRow {
  readonly arm: string;
  readonly load: CapacityLoad;
}

/** What each load showed. */
export const capacityLoads: TableOf<LoadRow> = {
  title: "What each load showed",
  columns: [
    left("arm", ({ arm }) => arm),
    right("agents", ({ load }) => String(load.agents), "in flight"),
    right(
      "in flight",
      ({ load }) => numberText(load.inFlight),
      "episodes in flight while the load was held, mean over time; below 80 % of the load, limits that are kept say nothing about it",
    ),
    right("cells", ({ load }) => String(load.cells.length)),
    left(
      "SLO",
      ({ load }) => (load.decided ? findingWords[load.finding] : `(${findingWords[load.finding]})`),
      "in brackets: one cell, which only shows where to look",
    ),
    left("limits", ({ load }) =>
      load.objectives.map((objective) => `${limitText(objective)}: ${measuredText(objective)}`).join("\n"),
    ),
    right("good\n/min", ({ load }) => numberText(load.goodput.value), "goodput"),
  ],
};

export function capacityTables(answer: CapacityAnswer): readonly Table[] {
  const { arms, limits } = answer;
  const rows = arms.flatMap(({ arm, loads }) => loads.map((load): LoadRow => ({ arm, load })));
  return [
    filled(capacities, arms, [
      `Agents in flight that hold ${limits.map(limitText).join(", ")}; ${answer.from} to ${answer.to} were allowed.`,
      `An end rests on ${answer.repetitions} cells at a load; only what ended while the load was held is counted.`,
      ...fewerTexts(answer),
      ...arms.flatMap(doubtTexts),
    ]),
    filled(
      capacityLoads,
      rows,
      rows.flatMap(({ load }) => load.why ?? []),
    ),
  ];
}

/** `between 24 and 28`, `24`, `at least 24`, `at most 3`, `none`. */
export function rangeText({ low, high }: Pick<ArmCapacity, "low" | "high">): string {
  if (high === 0) return "none: 1 is too many";
  if (low === null && high === null) return "cannot tell";
  if (low === null) return `at most ${high}`;
  if (high === null) return `at least ${low}`;
  return low === high ? String(low) : `between ${low} and ${high}`;
}

export function perGpuText({ low, high, gpus }: Pick<ArmCapacity, "low" | "high" | "gpus">): string {
  if (gpus === null || (low === null && high === null)) return absent;
  const text = (agents: number) => numberText(agents / gpus);
  if (low === null) return `at most ${text(high ?? 0)}`;
  if (high === null) return `at least ${text(low)}`;
  return low === high ? text(low) : `${text(low)} to ${text(high)}`;
}

/** Ranges that do not meet are a difference; each of them is wrong in one of twenty searches. */
export function fewerTexts({ fewer }: CapacityAnswer): readonly string[] {
  return fewer.map(({ arm, than, low, high }) => {
    const count = high === null ? `at least ${low}` : low === high ? String(low) : `${low} to ${high}`;
    return `${arm} carries ${count} fewer than ${than} (90 %)`;
  });
}

export function doubtTexts({ arm, doubt, undecided }: ArmCapacity): readonly string[] {
  return [
    ...(doubt === null ? [] : [`${arm}: the upper end may be the client's and not the service's: ${doubt}`]),
    ...undecided.map((name) => `${arm}: ${name} is not decided: too few tasks or values, see below`),
  ];
}
