import { release } from "node:os";
import type { SandboxLimits } from "../sandbox.ts";
import { findCgroupHome, makeGroup, removeDeadGroups, type CgroupHome, type SandboxGroup } from "./cgroup.ts";

/** By what the limits of namespaced sandboxes are kept on this machine. */
export interface LimitKeeping {
  readonly facts: Readonly<Record<string, string>>;
  /** Whether processes and memory must be watched, because the kernel keeps no such limit of a whole sandbox here. */
  readonly watchUse: boolean;
  /** null where there are no control groups for us. */
  readonly group: (name: string, limits: SandboxLimits) => SandboxGroup | null;
  /** Arguments of prlimit(1) for each command. */
  readonly processLimits: (limits: SandboxLimits) => readonly string[];
}

const watcher = `watcher (looks every 0.1 s, then ends the sandbox)`;

export function limitKeeping(home: CgroupHome | null = findCgroupHome()): LimitKeeping {
  const always = ({ fileBytes }: SandboxLimits) => [`--fsize=${fileBytes}`, "--nofile=4096"];
  const facts = {
    "file size": "rlimit",
    disk: `workspace: ${watcher}; /tmp: size of its file system, half of memory at most`,
  };
  if (home !== null) {
    removeDeadGroups(home);
    const kernel = `control group, version ${home.version}`;
    return {
      facts: { processes: kernel, memory: kernel, ...facts },
      watchUse: false,
      group: (name, limits) => makeGroup(home, name, limits),
      processLimits: always,
    };
  }
  const counted = countsProcesses();
  return {
    facts: {
      processes: counted ? "rlimit" : watcher,
      memory: `rlimit for each process; their sum: ${watcher}`,
      ...facts,
    },
    watchUse: true,
    group: () => null,
    processLimits: (limits) => [
      ...always(limits),
      `--data=${limits.memoryBytes}`,
      ...(counted ? [`--nproc=${limits.processes}`] : []),
    ],
  };
}

/**
 * Whether the kernel counts processes of a user namespace by themselves (5.14 and later). Before, it counts all of a
 * user's, and a limit would be reached by what else runs. Root is never counted.
 */
function countsProcesses(): boolean {
  const [major = 0, minor = 0] = release().split(/[.-]/).map(Number);
  return (major > 5 || (major === 5 && minor >= 14)) && process.getuid?.() !== 0;
}
