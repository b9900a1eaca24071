import { readFileSync } from "node:fs";
import { liveProcesses } from "../../bench/host/process-table.ts";

/** Processor seconds of the processes of a group, by their names, since each began. */
export function processorSeconds(groupId: number): ReadonlyMap<string, number> {
  const seconds = new Map<string, number>();
  for (const { pid, command, groupId: group } of liveProcesses()) {
    if (group !== groupId) continue;
    const name = /^sglang::\w+/.exec(command)?.[0] ?? "main";
    seconds.set(name, (seconds.get(name) ?? 0) + secondsOf(pid));
  }
  return seconds;
}

/** What was used between two readings. */
export function usedBetween(
  before: ReadonlyMap<string, number>,
  after: ReadonlyMap<string, number>,
): ReadonlyMap<string, number> {
  return new Map([...after].map(([name, seconds]) => [name, seconds - (before.get(name) ?? 0)]));
}

/** User and system time, fields 14 and 15 of stat(5); USER_HZ is 100 on every Linux that Node supports. */
function secondsOf(pid: number): number {
  const stat = readFileSync(`/proc/${pid}/stat`, "utf8");
  const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
  return (Number(fields[11]) + Number(fields[12])) / 100;
}
