import type { RunProgress } from "../../store/progress.ts";
import type { NextCommand } from "../../store/next-command.ts";
import type { StoreWarning } from "../../store/read-run.ts";
import { absent, durationText, numberText } from "../tables/number-text.ts";
import { left, right, type Table } from "../tables/table.ts";
import { renderTable } from "../formats/terminal.ts";

/** `tollgate status`: how far a run is, cell by cell. */
export function renderStatus(
  progress: RunProgress,
  { warnings, next }: { readonly warnings: readonly StoreWarning[]; readonly next: NextCommand | null },
): string {
  return [
    headLine(progress),
    ...(progress.simulated ? ["simulated engines"] : []),
    paceLine(progress),
    renderTable(cellTable(progress)),
    ...(next === null || progress.state === "running" ? [] : [`To ${next.why}: ${next.command}`]),
    ...warnings.map(({ file, line, message }) => `warning: ${file}:${line}: ${message}`),
  ].join("\n");
}

function headLine({
  runId,
  state,
  plannedEpisodes,
  finishedEpisodes,
  episodesByStatus,
  failuresByClass,
}: RunProgress) {
  const statuses = Object.entries(episodesByStatus).filter(([, count]) => count > 0);
  const classes = Object.entries(failuresByClass).map(([name, count]) => `${count} ${name}`);
  const counts = statuses.map(([status, count]) => `${count} ${status}`).join(", ");
  const failures = classes.length === 0 ? "" : ` (failed: ${classes.join(", ")})`;
  return `${runId}: ${state}, ${finishedEpisodes} of ${plannedEpisodes} episodes${counts === "" ? "" : `: ${counts}`}${failures}`;
}

function paceLine({ episodesPerMinute, etaSeconds, finishedEpisodes, plannedEpisodes }: RunProgress): string {
  const pace = `${numberText(episodesPerMinute)} episodes/min while cells run`;
  if (finishedEpisodes === plannedEpisodes) return pace;
  const rest =
    etaSeconds === null
      ? "time left unknown until each load was measured"
      : `about ${durationText(etaSeconds)} left`;
  return `${pace}, ${rest}`;
}

function cellTable({ cells }: RunProgress): Table {
  return {
    title: "",
    columns: [
      left("cell"),
      left("arm"),
      left("load"),
      left("state"),
      right("episodes"),
      right("failed"),
      left("verdict"),
    ],
    rows: cells.map(({ cellId, arm, load, state, finished, planned, failed, verdict }) => [
      cellId,
      arm,
      load,
      state,
      `${finished}/${planned}`,
      String(failed),
      verdict ?? absent,
    ]),
    notes: [],
  };
}
