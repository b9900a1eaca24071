import { readFileSync, readlinkSync } from "node:fs";
import { messageOf } from "../errors.ts";
import { hasProcessTable, liveProcess } from "../host/process-table.ts";

/**
 * Names a process for good: boot of the machine, namespace of its pid, pid, start time. It is written where the process
 * itself cannot be asked: on containers, in environments of children, in scratch folders.
 */
export function processFingerprint(pid: number): string {
  return [...here(), pid, liveProcess(pid)?.startTicks ?? "-"].join("/");
}

/** `unknown`: it ran before a reboot, on another machine or in another container, or there is no procfs to ask. */
export type ProcessFate = "alive" | "dead" | "unknown";

export function fateOf(fingerprint: string | undefined): ProcessFate {
  const [boot, namespace, pid, startTicks] = (fingerprint ?? "").split("/");
  const [ownBoot, ownNamespace] = here();
  if (!hasProcessTable || startTicks === undefined || boot !== ownBoot || namespace !== ownNamespace)
    return "unknown";
  return String(liveProcess(Number(pid))?.startTicks) === startTicks ? "alive" : "dead";
}

function here(): readonly [boot: string, namespace: string] {
  if (!hasProcessTable) return ["-", "-"];
  try {
    const namespace = /\d+/.exec(readlinkSync("/proc/self/ns/pid"))?.[0] ?? "-";
    return [readFileSync("/proc/sys/kernel/random/boot_id", "utf8").trim(), namespace];
  } catch (thrown) {
    // A hardened kernel hides them: then nothing can be told about any process later, and nothing is ended.
    return [`hidden: ${messageOf(thrown)}`, "-"];
  }
}
