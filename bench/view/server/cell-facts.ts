import { cellSummarySchema } from "../../analysis/cell/cell-summary.ts";
import type { EpisodeRow } from "../../store/episode-columns.ts";
import type { CellRecord, EpisodeRecord, RunRecord } from "../../store/record.ts";
import type { PlannedCell } from "../../store/run-json.ts";
import type { CellFacts } from "../run-facts.ts";

type OtherRecord = Exclude<RunRecord, EpisodeRecord>;

/** How far each planned cell is, and what was found of it, from the episodes and the other records of a run in their order. */
export function cellsOf(
  planned: readonly PlannedCell[],
  recorded: { readonly rows: readonly EpisodeRow[]; readonly others: readonly OtherRecord[] },
  driverAlive: boolean,
): readonly CellFacts[] {
  const rows = Map.groupBy(recorded.rows, ({ cellId }) => cellId);
  const others = Map.groupBy(recorded.others, (record) => ("cellId" in record ? record.cellId : ""));
  return planned.map((cell) => {
    const episodes = rows.get(cell.cellId) ?? [];
    const judged = episodes.flatMap(({ passed }) => passed ?? []);
    const { segments, isOpen, summary } = recordsOf(others.get(cell.cellId) ?? []);
    const parsed = cellSummarySchema.safeParse(summary?.summary);
    const verdict = summary?.summary["verdict"];
    return {
      planned: cell,
      state: stateOf({
        isOpen: isOpen && driverAlive,
        isWhole: episodes.length >= cell.episodeIds.length,
        segments,
      }),
      finished: episodes.length,
      failed: episodes.filter(({ status }) => status === "failed").length,
      judged: judged.length,
      passed: judged.filter(Boolean).length,
      summary: parsed.success ? parsed.data : null,
      verdict: typeof verdict === "string" ? verdict : null,
    };
  });
}

/** A summary speaks of the segments before it: where another one has begun since, it is out of date. */
function recordsOf(records: readonly OtherRecord[]) {
  let segments = 0;
  let isOpen = false;
  let summary: CellRecord | null = null;
  for (const record of records) {
    if (record.type === "segment-started") {
      segments += 1;
      isOpen = true;
      summary = null;
    }
    if (record.type === "segment-ended") isOpen = false;
    if (record.type === "cell") summary = record;
  }
  return { segments, isOpen, summary };
}

function stateOf(cell: {
  readonly isOpen: boolean;
  readonly isWhole: boolean;
  readonly segments: number;
}): CellFacts["state"] {
  if (cell.isOpen) return "running";
  if (cell.isWhole) return "complete";
  return cell.segments === 0 ? "planned" : "interrupted";
}
