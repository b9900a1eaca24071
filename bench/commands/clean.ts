import { existsSync } from "node:fs";
import { tmpdir } from "node:os";
import { basename } from "node:path";
import type { Command } from "commander";
import { ConfigError, messageOf } from "../errors.ts";
import { exitCodes } from "../exit-codes.ts";
import { left, type Table } from "../report/tables/table.ts";
import { renderTable } from "../report/formats/terminal.ts";
import { connectDocker, DockerError, type Docker } from "../docker/docker-command.ts";
import { findOrphans } from "../stack/orphans/find-orphans.ts";
import { judge, type CleanScope, type Orphan, type CleanDecision } from "../stack/orphans/orphan.ts";
import { removeOrphans } from "../stack/orphans/remove-orphans.ts";
import { findRun, runsOption, type RunsFlag } from "./find-run.ts";
import type { Host } from "./host.ts";

interface CleanFlags extends RunsFlag {
  readonly warm?: boolean;
  readonly elsewhere?: boolean;
  readonly dryRun?: boolean;
  readonly json?: boolean;
}

export function register(program: Command, host: Host): void {
  program
    .command("clean [run]")
    .description("remove containers, processes and scratch folders that dead runs have left on this machine")
    .addOption(runsOption("--out, "))
    .option("--warm", "also containers that `tollgate up` keeps")
    .option("--elsewhere", "with a run: also what was started before a reboot or on another machine")
    .option("--dry-run", "only say what would be removed")
    .option("--json", "print JSON")
    .action(async (run: string | undefined, flags: CleanFlags) => {
      await clean(await scopeOf(run, flags, host), flags, host);
    });
}

async function scopeOf(run: string | undefined, flags: CleanFlags, host: Host): Promise<CleanScope> {
  if (run === undefined && flags.elsewhere === true)
    throw new ConfigError("--elsewhere needs a run: name the one that you know is dead.");
  // The run directory may be gone while its containers are not: any other name is taken as the run's id.
  const runId =
    run === undefined ? null : basename(run.startsWith("@") ? await findRun(host, run, flags) : run);
  return { runId, warm: flags.warm === true, elsewhere: flags.elsewhere === true };
}

interface Judged extends Orphan, CleanDecision {
  /** Why it is still there although it should not be; null when all is well. */
  readonly failure: string | null;
}

async function clean(scope: CleanScope, flags: CleanFlags, host: Host): Promise<void> {
  const { docker, missing } = await openDocker(host);
  const found = await findOrphans({ docker, temporaryDirectory: tmpdir() });
  const items = found
    .filter(({ runId }) => scope.runId === null || runId === scope.runId)
    .map((item) => ({ ...item, ...judge(item, scope) }));
  if (scope.runId !== null && items.some(({ driver }) => driver === "alive")) {
    throw new ConfigError(
      `Run ${scope.runId} lives; nothing of it was removed. End it with \`tollgate stop ${scope.runId}\`.`,
    );
  }
  const doomed = flags.dryRun === true ? [] : items.filter(({ remove }) => remove);
  const failures = await removeOrphans(doomed, docker);
  const judged = items.map((item): Judged => ({ ...item, failure: failures.get(item.id) ?? null }));
  if (flags.json)
    host.print(JSON.stringify({ dryRun: flags.dryRun === true, docker: missing, items: judged }));
  else
    host.print(
      judged.length === 0
        ? "no orphans: there is nothing to remove"
        : renderTable(orphanTable(judged, flags)),
    );
  if (missing !== null) host.tell(`containers were not looked for: ${missing}`);
  if (failures.size > 0 || missing !== null) host.setExitCode(exitCodes.startFailed);
}

const defaultSocket = "/var/run/docker.sock";

/** A machine without Docker has no containers; one whose Docker does not answer may have some. */
async function openDocker(host: Host): Promise<{ docker: Docker | null; missing: string | null }> {
  try {
    return { docker: await connectDocker(host.environment), missing: null };
  } catch (thrown) {
    const noDaemon = !(thrown instanceof DockerError) || thrown.reason.includes(`unix://${defaultSocket}`);
    const isWithout = noDaemon && !host.environment["DOCKER_HOST"] && !existsSync(defaultSocket);
    return { docker: null, missing: isWithout ? null : messageOf(thrown) };
  }
}

function orphanTable(items: readonly Judged[], { dryRun }: CleanFlags): Table {
  const done = ({ remove, failure }: Judged) =>
    failure !== null ? "FAILED" : remove ? (dryRun === true ? "would remove" : "removed") : "kept";
  return {
    title: "Orphans and what lives on this machine",
    columns: [left("kind"), left("what"), left("run"), left("done"), left("why")],
    rows: items.map((item) => [
      item.kind,
      shortened(item.kind === "process" ? `${item.id} ${item.name}` : item.name),
      item.runId ?? `(warm: ${item.warm})`,
      done(item),
      item.failure ?? item.why,
    ]),
    notes: [],
  };
}

function shortened(text: string): string {
  return text.length > 40 ? `${text.slice(0, 37)}...` : text;
}
