import type { ProcessEngineSpec } from "../../config/process-schema.ts";
import { StartError } from "../../errors.ts";
import { listenersOn } from "../../host/listener.ts";
import { liveProcesses } from "../../host/process-table.ts";
import { readText } from "../../host/read-text.ts";
import type { Engine } from "../engine.ts";

export function portTaken(name: string, port: number): StartError {
  return new StartError(
    name,
    `Port ${port} of the ${name} is taken on this machine (\`ss -ltnp\` shows by whom). End that program, set another port, or leave port out and write {port} in the command.`,
  );
}

/**
 * A server that cannot have its port may end late, and until then somebody else answers in its place.
 * @throws {StartError} when the port is another program's
 */
export function refuseOtherListener(name: string, port: number, pid: number): void {
  const listeners = listenersOn(port);
  // Nothing is known without a table of sockets, or of programs of other users.
  if (listeners === null || listeners.length === 0) return;
  const group = new Set(groupOf(pid));
  if (listeners.some((listener) => group.has(listener))) return;
  throw new StartError(
    name,
    `Port ${port} is answered by process ${listeners.join(", ")}, which is not the ${name} (pid ${pid}) nor started by it. End that program or choose another port.`,
  );
}

/** @throws {StartError} when a simulator would be taken for a real engine, or the other way round */
export function refuseOtherKind({ role, url, identity }: Engine, spec: ProcessEngineSpec): void {
  const { simulated } = identity;
  if (simulated === spec.simulated) return;
  throw new StartError(
    `${role} engine`,
    `stack.${role}.simulated is ${String(spec.simulated)}, but the server at ${url} says that it is ${simulated ? "a simulator" : "no simulator"}. Set stack.${role}.simulated to ${String(simulated)}.`,
  );
}

/** Main memory that a server and its processes hold; what they share counts once for each. null where it cannot be read. */
export function residentBytes(pid: number): number | null {
  const sizes = groupOf(pid).flatMap((one) => {
    const kibibytes = /^VmRSS:\s+(\d+) kB$/m.exec(readText(`/proc/${one}/status`) ?? "")?.[1];
    return kibibytes === undefined ? [] : [Number(kibibytes) * 1024];
  });
  return sizes.length === 0 ? null : sizes.reduce((sum, size) => sum + size, 0);
}

/** The processes of the group that a server leads, and their descendants. */
function groupOf(leader: number): readonly number[] {
  const table = liveProcesses();
  const found = new Set(table.filter(({ groupId }) => groupId === leader).map(({ pid }) => pid));
  for (let before = -1; before !== found.size;) {
    before = found.size;
    for (const { pid, parentPid } of table) if (found.has(parentPid)) found.add(pid);
  }
  return [...found];
}
