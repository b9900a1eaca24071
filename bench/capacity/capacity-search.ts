import {
  agentsOf,
  decidingCells,
  holds,
  loadAt,
  type CapacityFacts,
} from "../analysis/capacity/capacity-answer.ts";
import { readCell } from "../analysis/measured-cell.ts";
import type { SloFinding } from "../analysis/slo/assess.ts";
import { baselineOf } from "../analysis/slo/baseline.ts";
import type { ObservedCell } from "../analysis/slo/observed-cell.ts";
import { shownBy } from "../analysis/slo/shown-by.ts";
import { episodesAt, type CapacitySettings } from "../config/capacity-schema.ts";
import type { Slo } from "../config/slo-schema.ts";
import type { WantedCell } from "../plan/run-plan.ts";
import type { CellSearch } from "../run/growing-plan.ts";
import { finishedEpisodes } from "../store/progress.ts";
import { readRun, type StoredRun } from "../store/read-run.ts";
import { nextLoads, type KnownLoads, type NextLoads } from "./next-loads.ts";

export interface SearchOrder {
  readonly slo: Slo;
  readonly settings: CapacitySettings;
  readonly arms: readonly string[];
}

/** What is kept from step to step. */
export interface SearchMemory {
  readonly tell: (line: string) => void;
  /** What loads have decided, by arm, cells and baseline: an interval takes thousands of draws. */
  readonly decisions: Map<string, SloFinding>;
}

/** Searches the most agents in flight of every arm. What it decides follows from the run directory alone, so it can be gone on with. */
export function capacitySearch(order: SearchOrder): CellSearch {
  const seen = new Map<string, ObservedCell>();
  const decisions: SearchMemory["decisions"] = new Map();
  return {
    kind: "capacity",
    next: async (directory, tell) => {
      const run = await readRun(directory);
      for (const cellId of measuredCells(run)) {
        if (seen.has(cellId)) continue;
        const { observed } = await readCell(run, cellId, []);
        if (observed !== undefined) seen.set(cellId, observed);
      }
      return nextCells([...seen.values()], order, { tell, decisions });
    },
  };
}

/** Those with a summary, also where they were given up, and those whose driver was killed before it wrote one. */
function measuredCells({ identity, records }: StoredRun): readonly string[] {
  const finished = finishedEpisodes(records);
  const summarised = new Set(records.flatMap((record) => (record.type === "cell" ? [record.cellId] : [])));
  return identity.cells.flatMap(({ cellId, episodeIds }) =>
    summarised.has(cellId) || episodeIds.every((id) => finished.has(id)) ? [cellId] : [],
  );
}

/** The next step of all arms, whose cells alternate so that a drift meets them alike. */
export function nextCells(
  cells: readonly ObservedCell[],
  { slo, settings, arms }: SearchOrder,
  { tell, decisions }: SearchMemory,
): readonly WantedCell[] {
  const facts = { cells, slo, settings, gpus: null };
  const steps = arms.flatMap((arm) => {
    const next = nextLoads(knownOf(arm, facts, decisions), settings);
    return next === null ? [] : [{ arm, next }];
  });
  for (const { arm, next } of steps) tell(`${arm}: ${stepText(next, settings)}`);
  const measured = new Set(cells.map((cell) => keyOf(cell.arm, cell.concurrency ?? 0, cell.repetition)));
  const rounds = Array.from({ length: settings.repetitions + 1 }, (_, repetition) => repetition);
  return rounds.flatMap((repetition) => {
    const wanted = steps.flatMap(({ arm, next }) =>
      loadsIn(next, repetition).map((concurrency): WantedCell => {
        return { arm, concurrency, repetition, episodes: episodesAt(concurrency, settings) };
      }),
    );
    const left = wanted.filter((cell) => !measured.has(keyOf(cell.arm, cell.concurrency, repetition)));
    return (repetition + cells.length) % 2 === 0 ? left : left.toReversed();
  });
}

function keyOf(...place: readonly (string | number)[]): string {
  return JSON.stringify(place);
}

/** The first cell of a load is looked at; those after it decide. */
function loadsIn(next: NextLoads, repetition: number): readonly number[] {
  if (next.kind === "look") return repetition === 0 ? [next.agents] : [];
  return repetition === 0 ? [] : next.agents;
}

function knownOf(arm: string, facts: CapacityFacts, decisions: SearchMemory["decisions"]): KnownLoads {
  const own = facts.cells.filter((cell) => cell.arm === arm);
  const at = (agents: number) => own.filter((cell) => agentsOf(cell) === agents);
  return {
    measured: [...new Set(own.map(agentsOf))],
    shown: (agents) => {
      const first = at(agents).filter(({ repetition }) => repetition === 0);
      return first.length === 0 ? null : shownBy(first, facts.slo, baselineOf(facts.cells, first));
    },
    decided: (agents) => {
      const deciding = decidingCells(at(agents), facts.settings);
      if (deciding === null) return null;
      const key = keyOf(
        arm,
        ...deciding.map(({ cellId }) => cellId),
        baselineOf(facts.cells, deciding)?.length ?? 0,
      );
      const finding = decisions.get(key) ?? holds(loadAt(agents, own, facts));
      decisions.set(key, finding);
      return finding;
    },
  };
}

function stepText(next: NextLoads, { repetitions }: CapacitySettings): string {
  if (next.kind === "look") return `a first cell with ${next.agents} agents in flight`;
  return `${repetitions} cells each with ${next.agents.join(" and ")} agents in flight`;
}
