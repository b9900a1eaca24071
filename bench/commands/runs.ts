import { setTimeout as sleep } from "node:timers/promises";
import type { Command } from "commander";
import { fitted } from "../run/status-line.ts";
import { clockText } from "../run/sweep-progress.ts";
import { ConfigError } from "../errors.ts";
import { buildReport } from "../report/build-report.ts";
import { buildStoredReplay } from "../report/rebuild.ts";
import { runsTable, worstVerdict } from "../report/views/runs.ts";
import { renderStatus } from "../report/views/status.ts";
import { renderTable } from "../report/formats/terminal.ts";
import { driverOf } from "../store/driver-lock.ts";
import { listRuns } from "../store/list-runs.ts";
import { nextCommand, type NextCommand } from "../store/next-command.ts";
import { progressOf, type RunProgress } from "../store/progress.ts";
import { readOutcomes } from "../store/episode-index.ts";
import { readRunJson } from "../store/read-run.ts";
import { replayEnd, sweepEnd } from "./end-screen.ts";
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
      const judged = runs.map((run) => ({ ...run, verdict: worstVerdict(run) }));
      host.print(flags.json ? JSON.stringify(judged, null, 2) : renderTable(runsTable(runs)));
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
        const progress = await readProgress(directory);
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

/** What `status --json` prints. */
async function statusOf(directory: string): Promise<RunProgress & { readonly next: NextCommand | null }> {
  return { ...(await readProgress(directory)), next: nextCommand(await readOutcomes(directory)) };
}

async function statusText(directory: string): Promise<string> {
  const run = await readOutcomes(directory);
  return `${directory}\n${renderStatus(progressOf(run, (await driverOf(directory)) !== null), { ...run, next: nextCommand(run) })}`;
}

/** What `sweep` itself would have printed at its end. */
async function endText(host: Host, directory: string): Promise<string> {
  if ((await readRunJson(directory)).replay !== undefined)
    return replayEnd(host, await buildStoredReplay(directory), directory);
  return await sweepEnd(host, await buildReport(directory), directory);
}

function progressLine(progress: RunProgress, columnsMax: number): string {
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
