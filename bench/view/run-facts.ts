import type { CellSummary } from "../analysis/cell/cell-summary.ts";
import type { EpisodeRow } from "../store/episode-columns.ts";
import type { CellProgress, RunProgress } from "../store/progress.ts";
import type { PlannedCell, RunJson } from "../store/run-json.ts";

/** A planned cell and how far it is. */
export interface CellFacts {
  readonly planned: PlannedCell;
  readonly state: CellProgress["state"];
  readonly finished: number;
  readonly failed: number;
  /** Of those with a reward. */
  readonly judged: number;
  readonly passed: number;
  /** Written when the cell ends; null before, and where an older or a newer Tollgate wrote another form. */
  readonly summary: CellSummary | null;
  /** As the summary has it, also where its form is another one. */
  readonly verdict: string | null;
}

/** A run as it is at one moment. */
export interface RunFacts {
  readonly name: string;
  readonly directory: string;
  readonly identity: RunJson;
  readonly state: RunProgress["state"];
  /** Whether its last call came to an end; the report in it is that of an earlier call otherwise. */
  readonly ended: boolean;
  /** Why it failed, where it did and said so. */
  readonly error: string | null;
  /** Another text whenever anything here may have become another. */
  readonly version: string;
  /** Finished episodes in the order in which they were recorded; the reward is the judge's where there was one. */
  readonly rows: readonly EpisodeRow[];
  readonly cells: readonly CellFacts[];
}

export function secondsOf({ startedNs, endedNs }: Pick<EpisodeRow, "startedNs" | "endedNs">): number {
  return (endedNs - startedNs) / 1e9;
}

/** What a list's row is about, in words. */
export function taskText({ domain, taskId }: Pick<EpisodeRow, "domain" | "taskId">): string {
  return `${domain}/${taskId}`;
}
