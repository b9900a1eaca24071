import { resolve } from "node:path";
import { InvalidArgumentError, Option, type Command } from "commander";
import { preflightOnly } from "../run/preflight-only.ts";
import { StopRequest } from "../run/stop-request.ts";
import { exitCodes } from "../exit-codes.ts";
import { checkNames, checks, failuresOf } from "../preflight/run-checks.ts";
import { preflightTable } from "../report/tables/preflight-table.ts";
import { renderTable } from "../report/formats/terminal.ts";
import { collect, readExperiment } from "./experiment.ts";
import type { Host } from "./host.ts";
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
      `\nEvery sweep and replay begins with these checks. Exit code 3 when one fails.\n${checks.map(({ name, proves }) => `  ${name.padEnd(15)} ${proves}`).join("\n")}`,
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
  try {
    const { record, directory } = await preflightOnly({
      loaded,
      workload: workIn(loaded.experiment),
      outputDirectory: resolve(host.workingDirectory, flags.out ?? loaded.experiment.output.directory),
      environment: host.environment,
      skipped: new Set(flags.skipPreflight),
      stop,
      tell: host.tell,
    });
    host.print(flags.json ? JSON.stringify(record, null, 2) : renderTable(preflightTable(record)));
    if (directory !== null) host.tell(`logs of the servers and the checks' own requests: ${directory}`);
    host.setExitCode(failuresOf(record).length > 0 ? exitCodes.startFailed : exitCodes.ok);
  } finally {
    for (const signal of ["SIGINT", "SIGTERM"] as const) process.off(signal, cancel);
  }
}

/** By name only: whoever leaves a check out says which. */
export function skipOption(): Option {
  return new Option("--skip-preflight <name>", `leave a check out; may be repeated: ${checkNames.join(", ")}`)
    .argParser((name: string, earlier: readonly string[]) => {
      if (!checkNames.includes(name)) throw new InvalidArgumentError(`Allowed: ${checkNames.join(", ")}.`);
      return [...earlier, name];
    })
    .default([], "none");
}
