import type { Gpu } from "../host/gpus.ts";

/** GPUs of the two servers by role, each by its number in nvidia-smi or its UUID. */
export interface GpuLists {
  readonly agent: readonly string[];
  readonly user: readonly string[];
}

/**
 * What is wrong with the GPUs that two servers are given: twice in one list, not there, or in both. Existence is not
 * checked where nobody can be asked.
 */
export function gpuProblems(lists: GpuLists, present: readonly Gpu[] | null): readonly string[] {
  const problems = (["agent", "user"] as const).flatMap((role) => {
    const gpus = lists[role];
    const twice = gpus.filter((gpu, index) => gpus.indexOf(gpu) !== index);
    const absent = gpus.filter((gpu) => present !== null && !present.some((one) => isGpu(one, gpu)));
    return [
      ...(twice.length === 0 ? [] : [`stack.${role}.gpus names ${twice.join(", ")} twice.`]),
      ...(absent.length === 0
        ? []
        : [
            `stack.${role}.gpus names ${absent.join(", ")}, but nvidia-smi -L shows ${gpuList(present ?? [])}.`,
          ]),
    ];
  });
  const both = lists.agent.filter((gpu) => sameAsAny(gpu, lists.user, present));
  if (both.length === 0) return problems;
  return [
    ...problems,
    `GPU ${both.join(", ")} is in stack.agent.gpus and in stack.user.gpus: two servers on one GPU measure each other.`,
  ];
}

export function isGpu(gpu: Gpu, reference: string): boolean {
  return String(gpu.index) === reference || gpu.uuid === reference;
}

/** The same GPU may be named by its number here and by its UUID there. */
function sameAsAny(gpu: string, others: readonly string[], present: readonly Gpu[] | null): boolean {
  if (others.includes(gpu)) return true;
  const found = present?.find((one) => isGpu(one, gpu));
  return found !== undefined && others.some((other) => isGpu(found, other));
}

function gpuList(gpus: readonly Gpu[]): string {
  return gpus.length === 0 ? "none" : gpus.map(({ index }) => index).join(", ");
}
