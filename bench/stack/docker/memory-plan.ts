import type { DockerStackSpec } from "../../config/docker-schema.ts";
import type { EnginePlan } from "./engine-container.ts";
import { checkMemory, type MemoryAnswer } from "./model/gpu-memory.ts";
import { askHub } from "./model/hub-facts.ts";
import { readModelShape } from "./model/model-config.ts";
import type { Gpu } from "../../host/gpus.ts";
import { isGpu } from "../gpu-lists.ts";
import { tensorParallel } from "./sglang-arguments.ts";

/** Whether a server fits its GPUs, or in words why that is not known. */
export type MemoryPlan =
  | {
      readonly known: true;
      readonly gpuBytes: number;
      readonly gpuSource: string;
      readonly answer: MemoryAnswer;
    }
  | { readonly known: false; readonly why: string };

/** The plans with what Hugging Face tells about models that are not on this machine. */
export function withHubFacts(
  stack: DockerStackSpec,
  plans: readonly EnginePlan[],
  machine: Readonly<Record<string, string | undefined>>,
): Promise<readonly EnginePlan[]> {
  if (stack.simulated) return Promise.resolve(plans);
  return Promise.all(plans.map(async (plan) => ({ ...plan, model: await askHub(plan.model, machine) })));
}

export function planMemory(
  { spec, model }: EnginePlan,
  stack: DockerStackSpec,
  present: readonly Gpu[] | null,
): MemoryPlan {
  if (stack.simulated) return { known: false, why: "a simulated engine has no weights" };
  if (model.config === null) {
    return { known: false, why: "the config.json of the model is not known here" };
  }
  const shape = readModelShape(model.config);
  if (shape === null) return { known: false, why: "its config.json is not that of a plain transformer" };
  const gpu = smallestGpu(spec.gpus, stack, present);
  if (gpu === null) {
    return { known: false, why: "no nvidia-smi here: set stack.gpuMemoryGiB to plan for another machine" };
  }
  const answer = checkMemory({
    shape,
    weightFileBytes: model.totalBytes,
    tp: tensorParallel(spec),
    quantization: spec.quantization,
    kvType: valueOf(spec.extraArgs, "--kv-cache-dtype"),
    contextLength: spec.contextLength,
    memFractionStatic: spec.memFractionStatic,
    gpuBytes: gpu.bytes,
  });
  return { known: true, gpuBytes: gpu.bytes, gpuSource: gpu.source, answer };
}

/** Servers that cannot fit, as lines with what to change. */
export function stackProblems(
  stack: DockerStackSpec,
  plans: readonly EnginePlan[],
  present: readonly Gpu[] | null,
): readonly string[] {
  return plans.flatMap((plan) => {
    const memory = planMemory(plan, stack, present);
    if (!memory.known || memory.answer.verdict === "fits") return [];
    const { weightBytesPerGpu, staticBytes, kvTokens, contextLength } = memory.answer;
    const gigabytes = (bytes: number) => `${(bytes / 1e9).toFixed(1)} GB`;
    const gpus = plan.spec.gpus.length;
    return memory.answer.verdict === "weights-too-large"
      ? [
          `stack.${plan.role}: ${plan.model.name} does not fit ${gpus} GPUs: its weights are ${gigabytes(weightBytesPerGpu)} per GPU, and there is room for ${gigabytes(staticBytes)}. Use a quantized model (FP8), more GPUs, or a smaller one.`,
        ]
      : [
          `stack.${plan.role}: beside the weights of ${plan.model.name} the KV cache holds ${kvTokens} tokens, less than one prompt of ${contextLength}. Set a smaller contextLength, or use more GPUs or --kv-cache-dtype fp8_e5m2.`,
        ];
  });
}

function smallestGpu(
  wanted: readonly string[],
  stack: DockerStackSpec,
  present: readonly Gpu[] | null,
): { readonly bytes: number; readonly source: string } | null {
  const found = (present ?? []).filter((gpu) => wanted.some((reference) => isGpu(gpu, reference)));
  const sizes = found.flatMap(({ memoryTotalMiB }) => (memoryTotalMiB === null ? [] : [memoryTotalMiB]));
  if (sizes.length > 0) return { bytes: Math.min(...sizes) * 1024 ** 2, source: "nvidia-smi" };
  return stack.gpuMemoryGiB === undefined
    ? null
    : { bytes: stack.gpuMemoryGiB * 1024 ** 3, source: "stack.gpuMemoryGiB" };
}

function valueOf(words: readonly string[], flag: string): string | undefined {
  const at = words.findIndex((word) => word === flag || word.startsWith(`${flag}=`));
  if (at < 0) return undefined;
  return words[at] === flag ? words[at + 1] : words[at]?.slice(flag.length + 1);
}
