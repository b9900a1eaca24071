import { existsSync, readFileSync, readlinkSync } from "node:fs";
import { readdir } from "node:fs/promises";
import { join } from "node:path";
import { z } from "zod";
import { labelNames } from "../../docker/container-labels.ts";
import { listContainers, type ListedContainer } from "../../docker/container-state.ts";
import type { Docker } from "../../docker/docker-command.ts";
import { parsedJson } from "../../host/parsed-json.ts";
import { fateOf } from "../../supervisor/process-fingerprint.ts";
import { liveProcesses, startEnvironment, type LiveProcess } from "../../host/process-table.ts";
import {
  driverVariable,
  runVariable,
  scratchOwnerFile,
  supervisorVariable,
} from "../../host/run-environment.ts";
import type { Orphan } from "./orphan.ts";

export interface Search {
  /** null where there is no Docker: then containers are not looked for. */
  readonly docker: Docker | null;
  /** Where runs make their scratch folders. */
  readonly temporaryDirectory: string;
}

/** Everything on this machine that says it is Tollgate's; whether its run lives is told of each. */
export async function findOrphans(search: Search): Promise<readonly Orphan[]> {
  const members = liveProcesses()
    .map((process) => ({ process, environment: startEnvironment(process.pid) }))
    .filter(({ process: { pid }, environment }) => pid !== process.pid && environment.has(runVariable));
  const supervisors = new Set(
    members
      .filter(({ process: { command } }) => /supervisor\/program\.[jt]s/.test(command))
      .map(({ environment }) => environment.get(supervisorVariable)),
  );
  const containers = search.docker === null ? [] : await listContainers(search.docker);
  const found = [
    ...containers.map(ofContainer),
    ...members
      // Where Docker can be asked, a container's processes go with it.
      .filter(({ process }) => search.docker === null || !inOtherNamespace(process.pid))
      .map(ofProcess),
    ...(await scratchFolders(search.temporaryDirectory)),
  ];
  return found.map(({ fingerprint, ...orphan }) => ({
    ...orphan,
    driver: fateOf(fingerprint),
    supervised: orphan.supervisorId !== null && supervisors.has(orphan.supervisorId),
  }));
}

/** What a thing tells of itself. */
interface Found extends Omit<Orphan, "driver" | "supervised"> {
  /** Of the driver that started it. */
  readonly fingerprint: string | undefined;
}

function ofContainer({ id, name, state, labels }: ListedContainer): Found {
  return {
    kind: "container",
    id,
    name,
    runId: labels[labelNames.run] ?? null,
    warm: labels[labelNames.warm] ?? null,
    role: labels[labelNames.role] ?? null,
    supervisorId: labels[labelNames.supervisor] ?? null,
    fingerprint: labels[labelNames.driver],
    running: state === "running" || state === "paused" || state === "restarting",
  };
}

interface Member {
  readonly process: LiveProcess;
  readonly environment: ReadonlyMap<string, string>;
}

function ofProcess({ process, environment }: Member): Found {
  return {
    kind: "process",
    id: String(process.pid),
    name: process.command,
    runId: environment.get(runVariable) ?? null,
    warm: null,
    role: null,
    supervisorId: environment.get(supervisorVariable) ?? null,
    fingerprint: environment.get(driverVariable),
    running: true,
  };
}

function inOtherNamespace(pid: number): boolean {
  try {
    return readlinkSync(`/proc/${pid}/ns/pid`) !== readlinkSync("/proc/self/ns/pid");
  } catch {
    // Gone by now, or somebody else's: then it is not a process that could be ended here.
    return false;
  }
}

const ownerSchema = z.object({ runId: z.string(), driver: z.string(), supervisorId: z.string() });

async function scratchFolders(directory: string): Promise<readonly Found[]> {
  if (!existsSync(directory)) return [];
  const names = (await readdir(directory)).filter((name) => name.startsWith("tg-"));
  return names.flatMap((name) => {
    const folder = join(directory, name);
    const file = join(folder, scratchOwnerFile);
    // A folder of that name without it is somebody else's.
    if (!existsSync(file)) return [];
    const owner = ownerSchema.safeParse(parsedJson(readFileSync(file, "utf8")));
    // A driver that was killed while it wrote this had not begun anything.
    if (!owner.success) return [];
    const { runId, driver: fingerprint, supervisorId } = owner.data;
    const nothing = { warm: null, role: null, running: false };
    return [{ kind: "scratch", id: folder, name: folder, runId, supervisorId, fingerprint, ...nothing }];
  });
}
