import { resolve } from "node:path";
import { InvalidArgumentError, Option, type Command } from "commander";
import { executePreflight } from "../run/preflight-only.ts";
import { planRun } from "../plan/run-plan.ts";
import { remainingCells } from "../run/remaining-work.ts";
import { StopRequest } from "../run/stop-request.ts";
import { exitCodes } from "../exit-codes.ts";
import { episodeCheck } from "../preflight/checks/episode.ts";
import { checkNames, checks, failuresOf } from "../preflight/run-checks.ts";
import { preflightTable } from "../report/tables/preflight-table.ts";
import { renderTable } from "../report/formats/terminal.ts";
import { exists } from "../store/read-run.ts";
import { collect, readExperiment } from "./experiment.ts";
import { eachVariant } from "./in-variant.ts";
import type { PreflightRecord } from "../store/preflight-record.ts";
import { cacheDirectory, type Host } from "./host.ts";
import { workIn } from "./parts.ts";

interface PreflightFlags {
  readonly set: readonly string[];
  readonly out?: string;
  readonly skipPreflight: readonly string[];
  readonly json?: boolean;
}

export function register(program: Command, host: Host): void {
  program
    .command("preflight <file>")
    .description(
      "start or find the servers of an experiment as a sweep would, check what could make its results wrong, and stop",
    )
    .option("--set <path=value>", "change one setting; may be repeated", collect, [])
    .option("--out <folder>", "folder of run directories, for the check of its disk")
    .addOption(skipOption())
    .option("--json", "print JSON")
    .addHelpText(
      "after",
      `\nEvery sweep and replay begins with these checks. Exit code 3 when one fails.\n${[...checks, episodeCheck].map(({ name, proves }) => `  ${name.padEnd(15)} ${proves}`).join("\n")}`,
    )
    .action((file: string, flags: PreflightFlags) => runPreflight(file, flags, host));
}

async function runPreflight(file: string, flags: PreflightFlags, host: Host): Promise<void> {
  const loaded = readExperiment(file, flags.set, host);
  const stop = new StopRequest(() => undefined);
  const cancel = () => {
    stop.request("sigint");
    stop.request("sigint");
  };
  for (const signal of ["SIGINT", "SIGTERM"] as const) process.once(signal, cancel);
  const { experiment } = loaded;
  const workload = await workIn(experiment).plan(experiment, host.environment);
  const plan = planRun(loaded, workload);
  const runs = resolve(host.workingDirectory, flags.out ?? experiment.output.directory);
  try {
    const records: PreflightRecord[] = [];
    for (const one of eachVariant(experiment)) {
      const { record, directory } = await executePreflight(
        {
          ...one,
          taskData: workload.taskData,
          environment: host.environment,
          skipPreflight: new Set(flags.skipPreflight),
          stop,
          tell: host.tell,
        },
        {
          longestPrompt: workload.longestPrompt,
          usesTools: workload.usesTools,
          output: { directory: await existing(runs), episodes: plan.episodeCount },
          work: {
            workload: workIn(experiment),
            cells: remainingCells(plan, []).filter(({ cell }) => cell.variant === one.variant),
            cacheDirectory: cacheDirectory(host),
          },
        },
      );
      records.push(record);
      if (!flags.json && one.variant !== undefined) host.print(`variant ${one.variant}`);
      if (!flags.json) host.print(renderTable(preflightTable(record)));
      if (directory !== null) host.tell(`logs of the servers and the checks' own requests: ${directory}`);
      if (stop.asked.aborted) break;
    }
    // A list where there are variants, which their records name.
    const [only, ...others] = records;
    if (flags.json) host.print(JSON.stringify(others.length > 0 ? records : only, null, 2));
    const failed = records.some((record) => failuresOf(record).length > 0);
    host.setExitCode(failed ? exitCodes.startFailed : exitCodes.ok);
  } finally {
    for (const signal of ["SIGINT", "SIGTERM"] as const) process.off(signal, cancel);
  }
}

/** The folder that will hold the runs, or what of it is there already: both are on one file system. */
async function existing(directory: string): Promise<string> {
  for (let path = directory; ; path = resolve(path, "..")) {
    if (await exists(path)) return path;
  }
}

/** Checks are left out by name, never all at once. */
export function skipOption(): Option {
  return new Option("--skip-preflight <name>", `leave a check out; may be repeated: ${checkNames.join(", ")}`)
    .argParser((name: string, earlier: readonly string[]) => {
      if (!checkNames.includes(name)) throw new InvalidArgumentError(`Allowed: ${checkNames.join(", ")}.`);
      return [...earlier, name];
    })
    .default([], "none");
}
