import { setTimeout as sleep } from "node:timers/promises";
import type { SandboxEnd, SandboxLimits } from "../sandbox.ts";
import { fileSystemBytes, usedBytes } from "./disk-usage.ts";
import { memoryInside, useInside } from "./processes-inside.ts";

/** Between two looks at what is cheap to look at. */
const everyMs = 100;
/** A walk through all files takes time that belongs to the run: at most a tenth of it, and once in two seconds where nothing grows. */
const walkShare = 10;
const idleWalkMs = 2_000;

export interface Watched {
  readonly workspace: string;
  readonly limits: SandboxLimits;
  /** The sandbox's own file systems in memory, as this process reaches them. */
  readonly memoryFolders: readonly string[];
  /** Where processes and memory are to be watched as well, because the kernel keeps no such limit here: the first process inside. */
  readonly initPid: number | null;
}

/**
 * Looks at a sandbox again and again until it is told to stop, and resolves with the limit that was passed; null when it
 * was stopped first. Between two looks more can be used than is allowed: it ends what grows, it does not prevent it.
 */
export async function watchLimits(watched: Watched, signal: AbortSignal): Promise<SandboxEnd | null> {
  const disk = diskWatch(watched);
  while (!signal.aborted) {
    const end = useTooMuch(watched) ?? (await disk());
    if (end !== null) return end;
    await pause(signal);
  }
  return null;
}

async function pause(signal: AbortSignal): Promise<void> {
  try {
    await sleep(everyMs, undefined, { signal, ref: false });
  } catch (thrown) {
    if (!signal.aborted) throw thrown;
  }
}

function useTooMuch({ initPid, limits }: Watched): SandboxEnd | null {
  if (initPid === null) return null;
  const { threads, memoryBytesMost } = useInside(initPid);
  if (memoryBytesMost > limits.memoryBytes && memoryInside(initPid) > limits.memoryBytes)
    return {
      limit: "memory",
      message: `its programs used more memory than ${inMebibytes(limits.memoryBytes)}`,
    };
  // Two are ours: those that hold it.
  if (threads > limits.processes + 2)
    return { limit: "processes", message: `more than ${limits.processes} processes were started in it` };
  return null;
}

/** Walks through the workspace when the file system has filled up by enough to matter, or when it was long ago. */
function diskWatch({ workspace, limits, memoryFolders }: Watched): () => Promise<SandboxEnd | null> {
  let walked = { atMs: -Infinity, tookMs: 0, bytes: 0, fileSystem: 0 };
  return async () => {
    const inMemory = await Promise.all(memoryFolders.map(fileSystemBytes));
    const tmp = inMemory.reduce<number>((sum, bytes) => sum + (bytes ?? 0), 0);
    const fileSystem = (await fileSystemBytes(workspace)) ?? 0;
    const nowMs = performance.now();
    const sinceMs = nowMs - walked.atMs;
    const mayBe = walked.bytes + Math.max(0, fileSystem - walked.fileSystem) + tmp;
    const due = sinceMs >= idleWalkMs || mayBe > limits.diskBytes;
    if (due && sinceMs >= walked.tookMs * walkShare) {
      const bytes = await usedBytes(workspace, limits.diskBytes);
      walked = { atMs: nowMs, tookMs: performance.now() - nowMs, bytes, fileSystem };
    }
    if (walked.bytes + tmp <= limits.diskBytes) return null;
    return { limit: "disk", message: `its files took more than ${inMebibytes(limits.diskBytes)}` };
  };
}

const inMebibytes = (bytes: number) => `${Math.round(bytes / 1024 ** 2)} MiB`;
