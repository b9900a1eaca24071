import type { SandboxLimits } from "../sandbox.ts";

/** How many bytes the sandbox's own `/tmp` holds: it lies in memory, so half of that is left to programs. */
export function tmpBytes({ diskBytes, memoryBytes }: SandboxLimits): number {
  return Math.max(1, Math.min(diskBytes, Math.floor(memoryBytes / 2)));
}
