import type { FeedbackProgress } from "../../store/feedback-progress.ts";
import type { RunProgress } from "../../store/progress.ts";
import type { NextCommand } from "../../store/next-command.ts";
import type { StoreWarning } from "../../store/read-run.ts";
import { absent, durationText, numberText } from "../tables/number-text.ts";
import { left, right, type Table } from "../tables/table.ts";
import { renderTable } from "../formats/terminal.ts";

/** `tollgate status`: how far a run is, cell by cell. */
export function renderStatus(progress: RunProgress, extras: StatusExtras): string {
  return [
    headLine(progress),
    ...(progress.simulated ? ["simulated engines"] : []),
    paceLine(progress),
    renderTable(cellTable(progress)),
    ...endLines(progress.state, extras),
  ].join("\n");
}

/** The same of a run of the preference loop, preference by preference. */
export function renderFeedbackStatus(
  { runId, state, simulated }: RunProgress,
  feedback: FeedbackProgress,
  { warnings, next }: StatusExtras,
): string {
  const { done, planned, secondsPerStep, etaSeconds, failedSamples, missing, preferences } = feedback;
  const rest =
    etaSeconds === null
      ? "time left unknown before the first step"
      : `about ${durationText(etaSeconds)} left`;
  return [
    `${runId}: ${state}, ${done} of ${planned} steps`,
    ...(simulated ? ["simulated trainer"] : []),
    `${numberText(secondsPerStep)} s/step${done < planned ? `, ${rest}` : ""}`,
    ...(failedSamples === 0 ? [] : [`${failedSamples} samples without an answer`]),
    ...(missing === 0 ? [] : [`${missing} things are missing: see \`tollgate report\``]),
    renderTable({
      title: "",
      columns: [left("preference"), right("steps")],
      rows: preferences.map((one) => [one.name, `${one.done}/${one.planned}`]),
      notes: [],
    }),
    ...endLines(state, { warnings, next }),
  ].join("\n");
}

interface StatusExtras {
  readonly warnings: readonly StoreWarning[];
  readonly next: NextCommand | null;
}

function endLines(state: RunProgress["state"], { warnings, next }: StatusExtras): readonly string[] {
  return [
    ...(next === null || state === "running" ? [] : [`To ${next.why}: ${next.command}`]),
    ...warnings.map(({ file, line, message }) => `warning: ${file}:${line}: ${message}`),
  ];
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
