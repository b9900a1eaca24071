import type { DockerStackSpec } from "../../config/docker-schema.ts";
import type { Gpu } from "../../host/gpus.ts";
import { gpuProblems } from "../gpu-lists.ts";
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
  }
  return [...problems, ...gpuProblems({ agent: stack.agent.gpus, user: stack.user.gpus }, present)];
}
