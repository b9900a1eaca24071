import { setTimeout as sleep } from "node:timers/promises";
import type { Command } from "commander";
import { fitted } from "../run/status-line.ts";
import { clockText } from "../run/sweep-progress.ts";
import { ConfigError } from "../errors.ts";
import { heldVerdict } from "../feedback/report/feedback-document.ts";
import { buildFeedbackReport } from "../feedback/report/feedback-report.ts";
import { buildReport } from "../report/build-report.ts";
import { buildStoredReplay } from "../report/rebuild.ts";
import { runsTable, worstVerdict } from "../report/views/runs.ts";
import { renderFeedbackStatus, renderStatus } from "../report/views/status.ts";
import { renderTable } from "../report/formats/terminal.ts";
import { driverOf } from "../store/driver-lock.ts";
import { feedbackProgress, type FeedbackProgress } from "../store/feedback-progress.ts";
import { listRuns, type ListedRun } from "../store/list-runs.ts";
import { nextCommand, type NextCommand } from "../store/next-command.ts";
import { progressOf, type RunProgress } from "../store/progress.ts";
import { readOutcomes } from "../store/episode-index.ts";
import { readRunJson } from "../store/read-run.ts";
import { replayEnd, sweepEnd } from "./end-screen.ts";
import { feedbackEnd } from "./feedback-end.ts";
import { findRun, runsFolder, runsOption, type RunsFlag } from "./find-run.ts";
import type { Host } from "./host.ts";

interface RunsFlags extends RunsFlag {
  readonly json?: boolean;
}

export function register(program: Command, host: Host): void {
  program
    .command("runs")
    .description("list the runs of a folder: date, stack, state, episodes, worst verdict, note")
    .addOption(runsOption("--out, "))
    .option("--json", "print JSON")
    .action(async (flags: RunsFlags) => {
      const { runs, unreadable } = await listRuns(runsFolder(host, flags));
      for (const { message } of unreadable) host.tell(`warning: ${message}`);
      const feedback = await feedbackVerdicts(runs);
      const judged = runs.map((run) => ({
        ...run,
        verdict: feedback.get(run.directory)?.worst ?? worstVerdict(run),
      }));
      host.print(flags.json ? JSON.stringify(judged, null, 2) : renderTable(runsTable(runs, feedback)));
    });

  program
    .command("status [run]")
    .description("how far a run is (default: the newest)")
    .addOption(runsOption("--out, "))
    .option("--json", "print JSON")
    .action(async (run: string | undefined, flags: RunsFlags) => {
      const directory = await findRun(host, run, flags);
      host.print(
        flags.json ? JSON.stringify(await statusOf(directory), null, 2) : await statusText(directory),
      );
    });

  program
    .command("attach [run]")
    .description("follow a run that was started with --detach until it ends; Ctrl-C leaves it running")
    .addOption(runsOption("--out, "))
    .action(async (run: string | undefined, flags: RunsFlags) => {
      const directory = await findRun(host, run, flags);
      for (;;) {
        const progress = await statusOf(directory);
        const line = progressLine(progress, host.interactive ? host.columns - 1 : Infinity);
        host.write(host.interactive ? `\r\u001b[K${line}` : `${line}\n`);
        if (progress.state !== "running") break;
        await sleep(host.interactive ? 1_000 : 60_000);
      }
      if (host.interactive) host.write("\n");
      host.print(await endText(host, directory));
    });

  program
    .command("stop [run]")
    .description("ask a running sweep to drain and stop; it can be resumed (its exit code is 4)")
    .addOption(runsOption("--out, "))
    .action(async (run: string | undefined, flags: RunsFlags) => {
      const directory = await findRun(host, run, flags);
      const pid = await driverOf(directory);
      if (pid === null)
        throw new ConfigError(`No driver of ${directory} is running; there is nothing to stop.`);
      process.kill(pid, "SIGUSR2");
      host.tell(`asked driver ${pid} to stop; waiting for the episodes in flight`);
      while ((await driverOf(directory)) !== null) await sleep(500);
      host.print(await statusText(directory));
    });
}

async function readProgress(directory: string): Promise<RunProgress> {
  return progressOf(await readOutcomes(directory), (await driverOf(directory)) !== null);
}

/** Of the runs of the preference loop that are whole, by directory. */
async function feedbackVerdicts(runs: readonly ListedRun[]): Promise<ReadonlyMap<string, HeldVerdict>> {
  const verdicts = new Map<string, HeldVerdict>();
  for (const { directory, feedback } of runs) {
    if (feedback === undefined || feedback.done < feedback.planned) continue;
    const verdict = heldVerdict(await buildFeedbackReport(directory));
    if (verdict !== null) verdicts.set(directory, verdict);
  }
  return verdicts;
}

type HeldVerdict = NonNullable<ReturnType<typeof heldVerdict>>;
type Status = RunProgress & { readonly next: NextCommand | null; readonly feedback?: FeedbackProgress };

/** What `status --json` prints. */
async function statusOf(directory: string): Promise<Status> {
  const run = await readOutcomes(directory);
  const feedback = feedbackProgress(run.identity, run.records);
  const progress = await readProgress(directory);
  return { ...progress, ...(feedback !== null && { feedback }), next: nextCommand(run) };
}

async function statusText(directory: string): Promise<string> {
  const run = await readOutcomes(directory);
  const progress = progressOf(run, (await driverOf(directory)) !== null);
  const feedback = feedbackProgress(run.identity, run.records);
  const extras = { ...run, next: nextCommand(run) };
  const text =
    feedback === null ? renderStatus(progress, extras) : renderFeedbackStatus(progress, feedback, extras);
  return `${directory}\n${text}`;
}

/** What `sweep` itself would have printed at its end. */
async function endText(host: Host, directory: string): Promise<string> {
  const { replay, feedback } = await readRunJson(directory);
  if (feedback !== undefined) return await feedbackEnd(host, await buildFeedbackReport(directory), directory);
  if (replay !== undefined) return replayEnd(host, await buildStoredReplay(directory), directory);
  return await sweepEnd(host, await buildReport(directory), directory);
}

function progressLine(progress: Status, columnsMax: number): string {
  if (progress.feedback !== undefined) return feedbackLine(progress.state, progress.feedback, columnsMax);
  const done = progress.cells.filter(({ state }) => state === "complete").length;
  const now = progress.cells.find(({ state }) => state === "running");
  const failures = Object.entries(progress.failuresByClass).map(([name, count]) => `${name} ${count}`);
  const eta = progress.etaSeconds === null ? "" : `, about ${clockText(progress.etaSeconds)} left`;
  const pace = progress.episodesPerMinute;
  return fitted(
    [
      {
        text: `${progress.state}: cells ${done}/${progress.cells.length}, episodes ${progress.finishedEpisodes}/${progress.plannedEpisodes}${eta}`,
        rank: 0,
      },
      { text: now === undefined ? "" : `${now.cellId} ${now.finished}/${now.planned}`, rank: 2 },
      { text: failures.length === 0 ? "" : `failed: ${failures.join(", ")}`, rank: 1 },
      { text: pace === null ? "" : `${pace.toPrecision(3)}/min`, rank: 3 },
    ],
    columnsMax,
  );
}

function feedbackLine(state: string, progress: FeedbackProgress, columnsMax: number): string {
  const { done, planned, etaSeconds, preferences, failedSamples, secondsPerStep } = progress;
  const now = preferences.find((one) => one.done < one.planned);
  const eta = etaSeconds === null || done === planned ? "" : `, about ${clockText(etaSeconds)} left`;
  return fitted(
    [
      { text: `${state}: steps ${done}/${planned}${eta}`, rank: 0 },
      { text: now === undefined ? "" : `${now.name} ${now.done}/${now.planned}`, rank: 1 },
      { text: failedSamples === 0 ? "" : `samples failed: ${failedSamples}`, rank: 2 },
      { text: secondsPerStep === null ? "" : `${secondsPerStep.toPrecision(3)} s/step`, rank: 3 },
    ],
    columnsMax,
  );
}
