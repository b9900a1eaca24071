import type { DockerStackSpec } from "../../config/docker-schema.ts";
import type { Gpu } from "../../host/gpus.ts";
import { tensorParallel } from "./sglang-arguments.ts";

/**
 * What is wrong with the split of the GPUs: in both lists, twice in one, not there, or not tp x dp of them.
 * Existence is not checked where nobody can be asked.
 */
export function placementProblems(stack: DockerStackSpec, present: readonly Gpu[] | null): readonly string[] {
  const problems: string[] = [];
  for (const role of ["agent", "user"] as const) {
    const { gpus, dp } = stack[role];
    const tp = tensorParallel(stack[role]);
    if (tp * dp !== gpus.length) {
      problems.push(
        `stack.${role} has ${gpus.length} GPUs for tp ${tp} x dp ${dp} = ${tp * dp}. Change gpus, tp or dp.`,
      );
    }
    const twice = gpus.filter((gpu, index) => gpus.indexOf(gpu) !== index);
    if (twice.length > 0) problems.push(`stack.${role}.gpus names ${twice.join(", ")} twice.`);
    const absent = gpus.filter((gpu) => present !== null && !present.some((one) => isGpu(one, gpu)));
    if (absent.length > 0) {
      problems.push(
        `stack.${role}.gpus names ${absent.join(", ")}, but nvidia-smi -L shows ${gpuList(present ?? [])}.`,
      );
    }
  }
  const both = stack.agent.gpus.filter((gpu) => sameAsAny(gpu, stack.user.gpus, present));
  if (both.length > 0) {
    problems.push(
      `GPU ${both.join(", ")} is in stack.agent.gpus and in stack.user.gpus: two servers on one GPU measure each other.`,
    );
  }
  return problems;
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
