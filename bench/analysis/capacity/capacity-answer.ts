import { z } from "zod";
import type { CapacitySettings } from "../../config/capacity-schema.ts";
import type { Slo } from "../../config/slo-schema.ts";
import { estimateSchema } from "../estimates/estimate.ts";
import { assess, assessmentSchema, worst, type Assessment, type SloFinding } from "../slo/assess.ts";
import { baselineOf } from "../slo/baseline.ts";
import type { ObservedCell } from "../slo/observed-cell.ts";
import { limitTexts } from "../slo/slo-report.ts";

const loadSchema = assessmentSchema.extend({
  agents: z.number().int(),
  cells: z.array(z.string()),
  /** Whether it has all of its repetitions; the first cell at a load only shows where to look, and decides nothing. */
  decided: z.boolean(),
});
export type CapacityLoad = z.infer<typeof loadSchema>;

const armCapacitySchema = z.object({
  arm: z.string(),
  armKind: z.string(),
  /** The most agents in flight that hold the limits lie between these, each end included, with `confidence`. null: not shown. */
  low: z.number().int().nullable(),
  high: z.number().int().nullable(),
  confidence: z.number(),
  /** At `low`; null where nothing is. */
  goodput: estimateSchema.nullable(),
  episodesPerMinute: estimateSchema.nullable(),
  /** Of the agent's engine; null where it is not known. */
  gpus: z.number().int().nullable(),
  /** Why the upper end may be the client's and not the service's; null where nothing says so. */
  doubt: z.string().nullable(),
  /** Limits that this answer does not rest on, because no load could tell. */
  undecided: z.array(z.string()),
  loads: z.array(loadSchema),
});
export type ArmCapacity = z.infer<typeof armCapacitySchema>;

export const capacityAnswerSchema = z.object({
  limits: z.array(z.object({ name: z.string(), text: z.string() })),
  from: z.number().int(),
  to: z.number().int(),
  repetitions: z.number().int(),
  arms: z.array(armCapacitySchema),
  /** Other arms against the raw one: how many agents fewer they carry, where their ranges do not meet. */
  fewer: z.array(
    z.object({
      arm: z.string(),
      than: z.string(),
      low: z.number().int(),
      high: z.number().int().nullable(),
    }),
  ),
});
export type CapacityAnswer = z.infer<typeof capacityAnswerSchema>;

/** Each end of a range is wrong in at most one of forty searches. */
const confidence = 0.95;

export interface CapacityFacts {
  /** Cells that were measured, as `observeCell` saw their steady part. */
  readonly cells: readonly ObservedCell[];
  readonly slo: Slo;
  readonly settings: CapacitySettings;
  readonly gpus: number | null;
}

/** Pure: what a search has found until now. */
export function capacityAnswer({ cells, slo, settings, gpus }: CapacityFacts): CapacityAnswer {
  const arms = [...Map.groupBy(cells, ({ arm }) => arm).keys()].map((arm) =>
    armCapacity(arm, { cells, slo, settings, gpus }),
  );
  return {
    limits: limitTexts(slo),
    from: settings.from,
    to: settings.to,
    repetitions: settings.repetitions,
    arms,
    fewer: fewerThanRaw(arms),
  };
}

function armCapacity(arm: string, facts: CapacityFacts): ArmCapacity {
  const own = facts.cells.filter((cell) => cell.arm === arm);
  const loads = loadsOf(own, facts);
  const { low, high } = rangeOf(loads, facts.settings);
  const at = (agents: number | null) => loads.find((load) => load.decided && load.agents === agents);
  const missed = loads.find((load) => load.decided && holds(load) === "missed");
  return {
    arm,
    armKind: own[0]?.armKind ?? "",
    low,
    high,
    confidence,
    goodput: at(low)?.goodput ?? null,
    episodesPerMinute: at(low)?.episodesPerMinute ?? null,
    gpus: facts.gpus,
    doubt: high === null ? null : (missed?.doubt ?? null),
    undecided: undecidedOf(at(low)),
    loads: [...loads],
  };
}

/** Each load once, ascending. */
function loadsOf(own: readonly ObservedCell[], facts: CapacityFacts): readonly CapacityLoad[] {
  return [...new Set(own.map(agentsOf))].sort((a, b) => a - b).map((agents) => loadAt(agents, own, facts));
}

/** A load by its deciding cells where it has all of them, else by what there is. */
export function loadAt(agents: number, own: readonly ObservedCell[], facts: CapacityFacts): CapacityLoad {
  const members = own.filter((cell) => agentsOf(cell) === agents);
  const deciding = decidingCells(members, facts.settings);
  const judged = deciding ?? members;
  return {
    ...assess(judged, facts.slo, baselineOf(facts.cells, judged)),
    agents,
    cells: judged.map(({ cellId }) => cellId),
    decided: deciding !== null,
  };
}

/** null where repetitions are missing. The first cell of a load is none of them: the load was chosen by what it showed. */
export function decidingCells(
  members: readonly ObservedCell[],
  { repetitions }: CapacitySettings,
): readonly ObservedCell[] | null {
  const deciding = members.filter(({ repetition }) => repetition > 0);
  return deciding.length >= repetitions ? deciding : null;
}

export function agentsOf({ concurrency }: Pick<ObservedCell, "concurrency">): number {
  return concurrency ?? 0;
}

/**
 * A pass rate needs hundreds of tasks before a drop of two points can be ruled out. So it is a guard: a drop that is shown breaks the
 * promise, one that cannot be told is said, and the search rests on the other limits.
 */
export function holds({ why, finding, objectives }: Assessment): SloFinding {
  if (why !== null) return finding;
  const findings = objectives.map((objective) => objective.finding);
  if (findings.includes("missed")) return "missed";
  const times = objectives.filter(({ unit }) => unit === "ms");
  return times.length === 0 ? worst(findings) : worst(times.map((objective) => objective.finding));
}

function undecidedOf(load: CapacityLoad | undefined): string[] {
  return (load?.objectives ?? []).flatMap(({ name, finding }) => (finding === "cannot-tell" ? [name] : []));
}

/** Only what all that was decided agrees with: a load that holds above one that does not makes the range wider. */
function rangeOf(
  loads: readonly CapacityLoad[],
  { from }: CapacitySettings,
): Pick<ArmCapacity, "low" | "high"> {
  const decided = loads.filter((load) => load.decided);
  const of = (finding: SloFinding) =>
    decided.filter((load) => holds(load) === finding).map(({ agents }) => agents);
  const [met, missed] = [of("met"), of("missed")];
  const low = Math.max(...met.filter((agents) => missed.every((other) => other > agents)));
  const above = Math.min(...missed.filter((agents) => met.every((other) => other < agents)));
  const high = Number.isFinite(above) ? above - 1 : null;
  // Below the smallest load that was tried nothing is known but that it is no negative number.
  const least = high !== null && high < from ? 0 : null;
  return { low: Number.isFinite(low) ? low : least, high };
}

function fewerThanRaw(arms: readonly ArmCapacity[]): CapacityAnswer["fewer"] {
  const raw = arms.find(({ armKind }) => armKind === "raw");
  if (raw === undefined) return [];
  return arms.flatMap(({ arm, low, high }) => {
    if (arm === raw.arm || raw.low === null || high === null || high >= raw.low) return [];
    const most = raw.high === null || low === null ? null : raw.high - low;
    return [{ arm, than: raw.arm, low: raw.low - high, high: most }];
  });
}
