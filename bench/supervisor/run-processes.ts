import { setTimeout as sleep } from "node:timers/promises";
import { sendSignal } from "../host/signals.ts";
import { hasProcessTable, liveProcess, liveProcesses, startEnvironment } from "../host/process-table.ts";
import { runVariable, supervisorVariable } from "../host/run-environment.ts";

/** What belongs to a run. */
export interface RunMembership {
  readonly runId: string;
  /** Only processes under this supervisor's care, and those that name none. Without it: every process of the run. */
  readonly supervisorId?: string;
  /** Processes that the driver registered; each leads a process group of its own. */
  readonly watched?: readonly WatchedProcess[];
  readonly except?: readonly number[];
  /** Who may be starting programs at this moment. Until such a program runs, it looks like a copy of who starts it. */
  readonly exceptChildrenOf?: readonly number[];
}

/** A registered process; `startTicks` guards against a reused pid and is null where there is no procfs. */
export interface WatchedProcess {
  readonly pid: number;
  readonly startTicks: number | null;
}

export interface RunProcess {
  readonly pid: number;
  readonly command: string;
}

export interface EndedProcesses {
  /** Every process that was sent a signal. */
  readonly ended: readonly RunProcess[];
  /** Those that were still there when time was up. */
  readonly left: readonly RunProcess[];
}

/**
 * The processes of a run: by environment, by registration, by process group of a registered one, and the descendants of
 * all of these, whatever they did to their own environment.
 */
export function findRunProcesses(membership: RunMembership): readonly RunProcess[] {
  const except = new Set([process.pid, ...(membership.except ?? [])]);
  const starting = new Set(membership.exceptChildrenOf);
  if (!hasProcessTable) {
    return (membership.watched ?? [])
      .filter(({ pid }) => !except.has(pid) && (sendSignal(pid, 0) || sendSignal(-pid, 0)))
      .map(({ pid }) => ({ pid, command: "unknown" }));
  }
  const table = liveProcesses().filter(({ pid, parentPid }) => !except.has(pid) && !starting.has(parentPid));
  const groups = new Set((membership.watched ?? []).filter(isSameProcess).map(({ pid }) => pid));
  const found = new Set(
    table
      .filter(({ pid, groupId }) => groups.has(pid) || groups.has(groupId) || belongs(pid, membership))
      .map(({ pid }) => pid),
  );
  for (let before = -1; before !== found.size;) {
    before = found.size;
    for (const { pid, parentPid } of table) if (found.has(parentPid)) found.add(pid);
  }
  return table.filter(({ pid }) => found.has(pid)).map(({ pid, command }) => ({ pid, command }));
}

/**
 * Looks at processes after `deadlineMs`, with a signal each time. A machine may stand still for longer than any deadline, as one that is
 * overloaded or whose hypervisor is; what was not told to end by then must be, and have time for it.
 */
const lastLooks = 20;

/**
 * Ends every process of a run: SIGTERM, `graceMs`, SIGKILL, and looks again until none is left or `deadlineMs` has passed, and until each
 * was killed several times.
 * @throws {Error} where processes could not be listed up to the end
 */
export async function terminateRun(
  membership: RunMembership,
  options: { readonly graceMs: number; readonly deadlineMs: number },
): Promise<EndedProcesses> {
  const startMs = performance.now();
  const ended = new Map<number, RunProcess>();
  let emptyScans = 0;
  let kills = 0;
  for (;;) {
    const { found, failure } = look(membership);
    const elapsedMs = performance.now() - startMs;
    // A process between fork and exec still shows its parent's environment: one empty look proves nothing.
    emptyScans = failure === null && found.length === 0 ? emptyScans + 1 : 0;
    const isTimeUp = elapsedMs > options.deadlineMs && kills >= lastLooks;
    if (isTimeUp && failure !== null) throw failure;
    if (emptyScans === 3 || isTimeUp) return { ended: [...ended.values()], left: found };
    const patient = elapsedMs < options.graceMs;
    if (!patient) kills += 1;
    for (const one of found) {
      if (!patient || !ended.has(one.pid)) end(one.pid, patient ? "SIGTERM" : "SIGKILL");
      ended.set(one.pid, one);
    }
    await sleep(50);
  }
}

/** A machine that has no descriptors or memory to look with has some a moment later, when others have ended. */
function look(membership: RunMembership): { found: readonly RunProcess[]; failure: Error | null } {
  try {
    return { found: findRunProcesses(membership), failure: null };
  } catch (thrown) {
    return { found: [], failure: thrown instanceof Error ? thrown : new Error(String(thrown)) };
  }
}

function end(pid: number, signal: NodeJS.Signals): void {
  // Without procfs the members of a group cannot be listed, only signalled together.
  if (!hasProcessTable) sendSignal(-pid, signal);
  sendSignal(pid, signal);
}

function belongs(pid: number, membership: RunMembership): boolean {
  const environment = startEnvironment(pid);
  if (environment.get(runVariable) !== membership.runId) return false;
  const keeper = environment.get(supervisorVariable);
  return membership.supervisorId === undefined || keeper === undefined || keeper === membership.supervisorId;
}

/** A group outlives its leader, and its number is not used again while it does; a reused pid has another start time. */
function isSameProcess({ pid, startTicks }: WatchedProcess): boolean {
  const current = liveProcess(pid);
  return current === null || current.startTicks === startTicks;
}
