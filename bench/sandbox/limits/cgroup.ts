import { mkdirSync, readdirSync, readlinkSync, rmdirSync, writeFileSync, existsSync } from "node:fs";
import { dirname, join, relative } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { liveProcess } from "../../host/process-table.ts";
import { readText } from "../../host/read-text.ts";
import type { ReachedLimit, SandboxLimits } from "../sandbox.ts";

/** Control groups in which this process may make groups of its own. */
export interface CgroupHome {
  readonly version: 1 | 2;
  /** Folders in which groups are made: one for both controllers in version 2, else one each. */
  readonly folders: readonly string[];
}

/** The group of one sandbox. */
export interface SandboxGroup {
  /** A process that writes `0` into all of these is in the group, with all that it starts. */
  readonly joinFiles: readonly string[];
  /** Called when nothing runs in it any more. */
  remove(): Promise<void>;
}

/** null: no group can be made, or it would limit nothing. */
export function findCgroupHome(): CgroupHome | null {
  const unified = mountOf((type) => type === "cgroup2");
  const split = ["memory", "pids"].map((controller) =>
    mountOf((type, options) => type === "cgroup" && options.includes(controller)),
  );
  const [memory, pids] = split.map((mount, at) =>
    mount === null
      ? null
      : usable(upwards(mount, ["memory", "pids"][at] ?? ""), ["memory.limit_in_bytes", "pids.max"][at]),
  );
  if (memory && pids) return { version: 1, folders: [memory, pids] };
  const folder = unified === null ? null : usable(upwards(unified, ""), "memory.max", "pids.max");
  return folder === null ? null : { version: 2, folders: [folder] };
}

/** @throws when the kernel refuses a group that it allowed before */
export function makeGroup(home: CgroupHome, name: string, limits: SandboxLimits): SandboxGroup {
  const folders = home.folders.map((folder) => join(folder, `${ownPrefix()}${name}`));
  for (const folder of folders) mkdirSync(folder, { recursive: true });
  const settings: readonly (readonly [string, number])[] =
    home.version === 2
      ? [
          ["memory.max", limits.memoryBytes],
          ["memory.swap.max", 0],
          ["pids.max", limits.processes],
        ]
      : [
          ["memory.limit_in_bytes", limits.memoryBytes],
          ["memory.memsw.limit_in_bytes", limits.memoryBytes],
          ["pids.max", limits.processes],
        ];
  for (const [file, value] of settings)
    for (const folder of folders)
      if (existsSync(join(folder, file))) writeFileSync(join(folder, file), String(value));
  return {
    joinFiles: folders.map((folder) => join(folder, "cgroup.procs")),
    remove: async () => {
      for (const folder of folders) await removeFolder(folder);
    },
  };
}

/** Removes the groups of drivers that are gone: one that was killed leaves its own, without processes. */
export function removeDeadGroups(home: CgroupHome): void {
  for (const folder of home.folders)
    for (const name of readdirSync(folder)) {
      const [, namespace, pid, startTicks] = /^tollgate-(\d+)-(\d+)-(\d+)-/.exec(name) ?? [];
      if (namespace !== pidNamespace() || String(liveProcess(Number(pid))?.startTicks) === startTicks)
        continue;
      tryRemove(join(folder, name));
    }
}

const pidNamespace = () => /\d+/.exec(readlinkSync("/proc/self/ns/pid"))?.[0] ?? "0";

/** Says which process made a group. */
const ownPrefix = () =>
  `tollgate-${pidNamespace()}-${process.pid}-${liveProcess(process.pid)?.startTicks ?? 0}-`;

interface CgroupMount {
  readonly at: string;
  /** The group that is seen there. */
  readonly root: string;
}

function mountOf(wanted: (type: string, options: readonly string[]) => boolean): CgroupMount | null {
  for (const line of (readText("/proc/self/mountinfo") ?? "").split("\n")) {
    const [before = "", after = ""] = line.split(" - ");
    const [, , , root, at] = before.split(" ");
    const [type = "", , options = ""] = after.split(" ");
    if (root !== undefined && at !== undefined && wanted(type, options.split(","))) return { root, at };
  }
  return null;
}

/** Folders of this process's own group and of those above it, as far as they are seen. `controller` is empty for version 2. */
function upwards(mount: CgroupMount, controller: string): readonly string[] {
  const lines = (readText("/proc/self/cgroup") ?? "").split("\n").map((line) => line.split(":"));
  const own = lines
    .find(([id, names = ""]) => (controller === "" ? id === "0" : names.split(",").includes(controller)))
    ?.slice(2)
    .join(":");
  const below = relative(mount.root, own ?? "/");
  let folder = below.startsWith("..") ? mount.at : join(mount.at, below);
  const folders = [folder];
  while (folder !== mount.at && folder.startsWith(mount.at)) folders.push((folder = dirname(folder)));
  return folders;
}

/** The first folder in which a group can be made that has these settings. */
function usable(folders: readonly string[], ...settings: readonly (string | undefined)[]): string | null {
  for (const folder of folders) {
    const probe = join(folder, `${ownPrefix()}probe`);
    try {
      mkdirSync(probe);
    } catch {
      continue; // Not ours to write: the next one up may be.
    }
    const has = () => settings.every((name) => existsSync(join(probe, name ?? "")));
    if (!has()) tryWrite(join(folder, "cgroup.subtree_control"), "+memory +pids");
    const works = has() && settings.every((name) => tryWrite(join(probe, name ?? ""), "1000000"));
    tryRemove(probe);
    if (works) return folder;
  }
  return null;
}

function tryWrite(file: string, text: string): boolean {
  try {
    writeFileSync(file, text);
    return true;
  } catch {
    return false; // Said by the caller, in what the run's facts tell of the limit.
  }
}

function tryRemove(folder: string): boolean {
  try {
    rmdirSync(folder);
    return true;
  } catch {
    return !existsSync(folder); // Busy while a process of it is still on its way out.
  }
}

async function removeFolder(folder: string): Promise<void> {
  for (let tries = 0; tries < 40 && !tryRemove(folder); tries++) await sleep(25);
}

/** Where the kernel counts how often a group's limits were reached: files of version 2, then of version 1. */
const counters: readonly (readonly [limit: ReachedLimit, file: string, count: RegExp])[] = [
  ["memory", "memory.events", /^oom_kill (\d+)$/m],
  ["memory", "memory.oom_control", /^oom_kill (\d+)$/m],
  ["processes", "pids.events", /^max (\d+)$/m],
];

/** Limits of a group that the kernel says were reached: a process was ended for its memory, or could not be started. */
export function reachedLimits(joinFiles: readonly string[]): readonly ReachedLimit[] {
  const reached = counters.filter(([, file, count]) =>
    joinFiles.some(
      (joinFile) => Number(count.exec(readText(join(dirname(joinFile), file)) ?? "")?.[1] ?? 0) > 0,
    ),
  );
  return [...new Set(reached.map(([limit]) => limit))];
}
