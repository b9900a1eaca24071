import { existsSync, readFileSync, readlinkSync } from "node:fs";
import { readdir } from "node:fs/promises";
import { join } from "node:path";
import { z } from "zod";
import { labelNames } from "../../docker/container-labels.ts";
import { listContainers, type ListedContainer } from "../../docker/container-state.ts";
import type { Docker } from "../../docker/docker-command.ts";
import { fateOf } from "../../supervisor/process-fingerprint.ts";
import { liveProcesses, startEnvironment, type LiveProcess } from "../../supervisor/process-table.ts";
import {
  driverVariable,
  runVariable,
  scratchOwnerFile,
  supervisorVariable,
} from "../../supervisor/run-environment.ts";
import type { Leftover } from "./leftover.ts";

export interface Search {
  /** null where there is no Docker: then containers are not looked for. */
  readonly docker: Docker | null;
  /** Where runs make their scratch folders. */
  readonly temporaryDirectory: string;
}

/** Everything on this machine that says it is Tollgate's, alive or not. */
export async function findLeftovers(search: Search): Promise<readonly Leftover[]> {
  const members = liveProcesses()
    .map((process) => ({ process, environment: startEnvironment(process.pid) }))
    .filter(({ process: { pid }, environment }) => pid !== process.pid && environment.has(runVariable));
  const supervisors = new Set(
    members
      .filter(({ process: { command } }) => command.includes("supervisor/program.ts"))
      .map(({ environment }) => environment.get(supervisorVariable)),
  );
  const containers = search.docker === null ? [] : await listContainers(search.docker);
  const inContainers = search.docker !== null;
  return [
    ...containers.map((container) => ofContainer(container, supervisors)),
    ...members
      // Where Docker can be asked, a container's processes go with it.
      .filter(({ process }) => !inContainers || !inOtherNamespace(process.pid))
      .map((member) => ofProcess(member, supervisors)),
    ...(await scratchFolders(search.temporaryDirectory, supervisors)),
  ];
}

type Supervisors = ReadonlySet<string | undefined>;

function ofContainer({ id, name, state, labels }: ListedContainer, supervisors: Supervisors): Leftover {
  const supervisorId = labels[labelNames.supervisor] ?? null;
  return {
    kind: "container",
    id,
    name,
    runId: labels[labelNames.run] ?? null,
    warm: labels[labelNames.warm] ?? null,
    role: labels[labelNames.role] ?? null,
    supervisorId,
    driver: fateOf(labels[labelNames.driver]),
    supervised: supervisorId !== null && supervisors.has(supervisorId),
    running: state === "running" || state === "paused" || state === "restarting",
  };
}

interface Member {
  readonly process: LiveProcess;
  readonly environment: ReadonlyMap<string, string>;
}

function ofProcess({ process, environment }: Member, supervisors: Supervisors): Leftover {
  const supervisorId = environment.get(supervisorVariable) ?? null;
  return {
    kind: "process",
    id: String(process.pid),
    name: process.command,
    runId: environment.get(runVariable) ?? null,
    warm: null,
    role: null,
    supervisorId,
    driver: fateOf(environment.get(driverVariable)),
    supervised: supervisorId !== null && supervisors.has(supervisorId),
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

async function scratchFolders(directory: string, supervisors: Supervisors): Promise<readonly Leftover[]> {
  if (!existsSync(directory)) return [];
  const names = (await readdir(directory)).filter((name) => name.startsWith("tg-"));
  return names.flatMap((name) => {
    const folder = join(directory, name);
    const file = join(folder, scratchOwnerFile);
    // A folder of that name without it is somebody else's.
    if (!existsSync(file)) return [];
    const owner = ownerSchema.safeParse(parseJson(readFileSync(file, "utf8")));
    // A driver that was killed while it wrote this had not begun anything.
    if (!owner.success) return [];
    const { runId, driver, supervisorId } = owner.data;
    const fate = fateOf(driver);
    return [
      {
        kind: "scratch",
        id: folder,
        name: folder,
        runId,
        warm: null,
        role: null,
        supervisorId,
        driver: fate,
        supervised: supervisors.has(supervisorId),
        running: false,
      },
    ];
  });
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}
