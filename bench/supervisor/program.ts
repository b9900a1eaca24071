import { rm } from "node:fs/promises";
import { text } from "node:stream/consumers";
import { messageOf } from "../errors.ts";
import { parsedJson } from "../host/parsed-json.ts";
import type { ContainerRemoval } from "./run-containers.ts";
import { terminateRun, type EndedProcesses, type WatchedProcess } from "./run-processes.ts";
import {
  supervisorCommandSchema,
  supervisorOptionsSchema,
  type ShutdownReport,
} from "./supervisor-protocol.ts";

/**
 * Entry of the supervisor's program: `node program.ts '<SupervisorOptions as JSON>' SHELL_PID`, started by `waitingShell` when the driver
 * is gone or says so; stdin has what the driver said. Leaves nothing of the run behind. stdout is for the shutdown report, stderr goes
 * to the log.
 */
const options = supervisorOptionsSchema.parse(JSON.parse(process.argv[2] ?? "{}"));
// Only for a run that has containers: nobody shall wait for what is not needed.
const docker = options.containers
  ? { ...(await import("./run-containers.ts")), ...(await import("../docker/docker-command.ts")) }
  : null;

for (const signal of ["SIGHUP", "SIGINT", "SIGTERM", "SIGPIPE"] as const) {
  process.on(signal, () => log(`ignored ${signal}`));
}
// The reader of the report may be gone already.
process.stdout.on("error", (error) => log(`cannot report: ${messageOf(error)}`));

const { watched, shutdown } = readCommands(await text(process.stdin));
// The shell that waits for this program carries the run's variables, too, and so does its copy that has just written our input.
const shell = Number(process.argv[3]);
const own = { except: [options.driverPid, shell], exceptChildrenOf: [process.pid, shell] };
const [termination, containers] = await Promise.all([
  terminateRun({ ...options, watched, ...own }, options),
  removeContainers(),
]);
await removeScratch();
log(
  JSON.stringify({
    runId: options.runId,
    reason: shutdown ? "shutdown" : "driver gone",
    ended: termination.ended,
    left: termination.left,
    containers: containers.removed,
    containersFailure: containers.failure,
  }),
);
if (shutdown) process.stdout.write(`${JSON.stringify(reportOf(termination, containers))}\n`);
process.exitCode = termination.left.length === 0 && containers.failure === null ? 0 : 1;

function readCommands(said: string): { watched: readonly WatchedProcess[]; shutdown: boolean } {
  const watched = new Map<number, WatchedProcess>();
  for (const line of said.split("\n")) {
    if (line === "") continue;
    const command = supervisorCommandSchema.safeParse(parsedJson(line));
    // A driver that is killed while it writes leaves half a line. That must not keep the rest from being cleaned up.
    if (!command.success) log(`ignored a line that is no command: ${line.slice(0, 200)}`);
    else if (command.data.op === "watch") watched.set(command.data.pid, command.data);
    else if (command.data.op === "unwatch") watched.delete(command.data.pid);
    else return { watched: [...watched.values()], shutdown: true };
  }
  return { watched: [...watched.values()], shutdown: false };
}

async function removeScratch(): Promise<void> {
  try {
    await rm(options.scratchDirectory, { recursive: true, force: true, maxRetries: 5, retryDelay: 50 });
  } catch (thrown) {
    log(`cannot remove ${options.scratchDirectory}: ${messageOf(thrown)}`);
  }
}

async function removeContainers(): Promise<ContainerRemoval> {
  if (docker === null) return { removed: [], failure: null };
  const { supervisorId, deadlineMs } = options;
  // Without the run's own variables: this program looks for processes that carry them, and ends them.
  const environment = docker.daemonEnvironment(process.env);
  return docker.removeRunContainers(supervisorId, { environment, deadlineMs });
}

function reportOf({ ended, left }: EndedProcesses, { removed, failure }: ContainerRemoval): ShutdownReport {
  return {
    orphans: [...ended],
    left: [...left],
    containers: [...removed],
    containersFailure: failure,
  };
}

function log(line: string): void {
  process.stderr.write(`${new Date().toISOString()} supervisor ${process.pid}: ${line}\n`);
}
