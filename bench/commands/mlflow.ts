import { Option, type Command } from "commander";
import { logRun, type LoggedRun } from "../mlflow/log-run.ts";
import { requiredTarget } from "../mlflow/client/target.ts";
import { clawbenchFigures } from "../../suites/tasks/export/mlflow-figures.ts";
import { findRun, runsOption, type RunsFlag } from "./find-run.ts";
import type { Host } from "./host.ts";

interface LogFlags extends RunsFlag {
  readonly uri?: string;
  readonly experiment?: string;
  readonly experimentId?: string;
  readonly traces?: boolean;
  readonly tables: boolean;
  readonly json?: boolean;
}

/** Runs in a tracking server. */
export function register(program: Command, host: Host): void {
  program
    .command("mlflow")
    .description("log runs to an MLflow tracking server")
    .command("log <run>")
    .description(
      "log a run to MLflow: a run there with a child per cell, report and tables; again, it adds what is missing and changes nothing else",
    )
    .option("--uri <url>", "tracking server, e.g. http://127.0.0.1:5000 (default: MLFLOW_TRACKING_URI)")
    .option(
      "--experiment <name>",
      "experiment there, created where it is missing (default: MLFLOW_EXPERIMENT_NAME, else tollgate)",
    )
    .addOption(
      new Option(
        "--experiment-id <id>",
        "experiment there, by its id; it must exist (default: MLFLOW_EXPERIMENT_ID)",
      ).conflicts("experiment"),
    )
    .option("--traces", "also a trace per episode (MLflow 3)")
    .option("--no-tables", "without the tables of requests and episodes")
    .addOption(runsOption())
    .option("--json", "print JSON")
    .action(async (run: string, flags: LogFlags) => {
      const { uri, experiment, experimentId, traces = false, tables } = flags;
      const target = requiredTarget({ uri, experiment, experimentId }, host.environment);
      const directory = await findRun(host, run, flags);
      const tell = (line: string) => host.tell(`warning: ${line}`);
      const { signal } = new AbortController();
      const figuresOf = clawbenchFigures;
      const logged = await logRun(directory, { target, signal, tell, traces, tables, figuresOf });
      host.print(flags.json ? JSON.stringify(logged, null, 2) : loggedText(logged));
    });
}

function loggedText({ url, status, already, children, metrics, artifacts, traces }: LoggedRun): string {
  if (already) return `nothing to add, all of it is there: ${url}`;
  const counts = [
    `${children} ${children === 1 ? "child" : "children"}`,
    `${metrics} values`,
    `${artifacts} files`,
    ...(traces === null ? [] : [`${traces} traces`]),
  ];
  return `logged as ${status}, ${counts.join(", ")}: ${url}`;
}
