import { enginesOf } from "../../stack/stack.ts";
import { notChecked, ok, warning, type Check } from "../check.ts";

/** Below this an engine that allocates a little more (CUDA graphs, longer prompts) dies. */
const freeMiBMin = 512;

export const gpuMemoryCheck: Check = {
  name: "gpu-memory",
  proves: "no GPU of this machine is about to run out of memory",
  async run({ gpus, stack }) {
    const found = await gpus();
    if (found === null) {
      // One real engine among them may well need one.
      const simulated = enginesOf(stack).every(({ identity }) => identity.simulated);
      const why = simulated ? "; the engines are simulated and need none" : "";
      return { findings: [notChecked("GPUs", `no nvidia-smi on this machine${why}`)] };
    }
    return {
      findings: found.map(({ index, name, memoryTotalMiB: total, memoryUsedMiB: used }) => {
        const on = `GPU ${index} ${name}`;
        if (total === null || used === null) return notChecked(on, "nvidia-smi does not tell its memory");
        const text = `${used} of ${total} MiB used`;
        return total - used >= freeMiBMin
          ? ok(on, text)
          : warning(
              on,
              `${text}: ${total - used} MiB free`,
              "Lower the engine's --mem-fraction-static, or end what else uses this GPU (nvidia-smi shows it).",
            );
      }),
    };
  },
};
