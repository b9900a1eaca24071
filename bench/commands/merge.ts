import { readdir, stat } from "node:fs/promises";
import { join, resolve } from "node:path";
import type { Command } from "commander";
import { usable } from "../analysis/cell/verdict.ts";
import { exitCodes } from "../exit-codes.ts";
import { systemClock } from "../measure/clock.ts";
import { mergeRuns, type MergedRun } from "../merge/merge-runs.ts";
import { rebuildReport } from "../report/rebuild.ts";
import { exists } from "../store/read-run.ts";
import { sweepEnd } from "./end-screen.ts";
import { findRun, runsOption, type RunsFlag } from "./find-run.ts";
import type { Host } from "./host.ts";
import { writingTo } from "./write-result.ts";

interface MergeFlags extends RunsFlag {
  readonly out: string;
  readonly partial?: boolean;
  readonly quiet?: boolean;
  readonly json?: boolean;
}

export function register(program: Command, host: Host): void {
  program
    .command("merge <run...>")
    .description(
      "join the runs of a sweep's shards (or all that lie in a folder) into one run directory, whose report is that of an undivided sweep",
    )
    .requiredOption("-o, --out <run>", "run directory to make; there must be none yet")
    .option("--partial", "also where shards are missing or not finished; the report says what is not there")
    .addOption(runsOption())
    .option("-q, --quiet", "print nothing but the run directory, and say only what goes wrong")
    .option("--json", "print JSON")
    .action((runs: readonly string[], flags: MergeFlags) => merge(runs, flags, host));
}

async function merge(references: readonly string[], flags: MergeFlags, host: Host): Promise<void> {
  const out = resolve(host.workingDirectory, flags.out);
  const directories: string[] = [];
  for (const reference of references)
    directories.push(...(await runsIn(await findRun(host, reference, flags))));
  const options = { out, partial: flags.partial ?? false, now: systemClock.wallIso() };
  const merged = await writingTo(out, () => mergeRuns(directories, options));
  for (const note of merged.notes) host.tell(note);
  if (!flags.quiet)
    host.tell(
      `merged ${merged.shards} shards: ${merged.episodes} of ${merged.planned} episodes, each once${stateText(merged)}`,
    );
  const report = await rebuildReport(out);
  const whole = merged.reason === "complete";
  const good = whole && report.cells.every(({ verdict }) => usable.has(verdict));
  host.setExitCode(good ? exitCodes.ok : exitCodes.resultInvalid);
  if (flags.json) {
    host.print(JSON.stringify(merged, null, 2));
    return;
  }
  if (!flags.quiet) host.print(await sweepEnd(host, report, out));
  host.print(out);
}

/** A run, or those of a folder of them; a folder without any is left to be refused as no run. */
async function runsIn(path: string): Promise<readonly string[]> {
  if ((await exists(join(path, "run.json"))) || !(await exists(path))) return [path];
  const names = (await stat(path)).isDirectory() ? (await readdir(path)).toSorted() : [];
  const runs: string[] = [];
  for (const name of names) if (await exists(join(path, name, "run.json"))) runs.push(join(path, name));
  return runs.length === 0 ? [path] : runs;
}

function stateText({ reason }: MergedRun): string {
  if (reason === "complete") return "";
  return reason === "failed" ? "; a shard ended with a failure" : "; not everything was measured";
}
