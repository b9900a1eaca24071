import { expect, test } from "vitest";
import { planMemory } from "../../../bench/stack/docker/memory-plan.ts";
import { dockerStack, planOf } from "./docker-facts.ts";

const config = {
  hidden_size: 4096,
  num_hidden_layers: 32,
  num_attention_heads: 32,
  num_key_value_heads: 8,
  vocab_size: 128_000,
  intermediate_size: 14_336,
  max_position_embeddings: 8192,
  torch_dtype: "bfloat16",
};
const gpu = (index: number, memoryTotalMiB: number | null) => ({
  index,
  name: "H100",
  uuid: `GPU-${index}`,
  memoryTotalMiB,
  memoryUsedMiB: 0,
  driver: "1",
});

function planned(changes: Readonly<Record<string, unknown>>, gpus: Parameters<typeof planMemory>[2]) {
  const stack = dockerStack(changes);
  const plan = planOf(stack);
  return planMemory({ ...plan, model: { ...plan.model, config } }, stack, gpus);
}

test("the smallest of the server's own GPUs decides, not one that it does not use", () => {
  const agent = { gpus: [0, "GPU-1"] };
  const found = planned({ agent }, [gpu(0, 80_000), gpu(1, 40_000), gpu(2, 10_000)]);
  expect(found).toMatchObject({ known: true, gpuBytes: 40_000 * 1024 ** 2, gpuSource: "nvidia-smi" });
});

test("for a machine without GPUs the experiment may say how large they are; else nothing is claimed", () => {
  expect(planned({ gpuMemoryGiB: 80 }, null)).toMatchObject({
    known: true,
    gpuBytes: 80 * 1024 ** 3,
    gpuSource: "stack.gpuMemoryGiB",
  });
  expect(planned({}, null)).toEqual({
    known: false,
    why: "no nvidia-smi here: set stack.gpuMemoryGiB to plan for another machine",
  });
  expect(planned({ gpuMemoryGiB: 80 }, [gpu(0, null)])).toMatchObject({ gpuSource: "stack.gpuMemoryGiB" });
});

test("what GPUs tell goes before what the experiment says", () => {
  expect(planned({ gpuMemoryGiB: 80 }, [gpu(0, 40_000)])).toMatchObject({ gpuSource: "nvidia-smi" });
});

test.each([[["--kv-cache-dtype", "fp8_e5m2"]], [["--kv-cache-dtype=fp8_e5m2"]]])(
  "a smaller type of the KV cache holds twice the tokens, however the flag is written: %j",
  (extraArgs) => {
    const tokens = (args: readonly string[]) => {
      const found = planned({ gpuMemoryGiB: 80, agent: { gpus: [0], extraArgs: args } }, null);
      return found.known ? found.answer.kvTokens : 0;
    };
    expect(tokens(extraArgs) / tokens([])).toBeCloseTo(2, 3);
  },
);

test("a simulated engine has no weights to fit", () => {
  expect(planned({ simulated: true, gpuMemoryGiB: 80 }, null)).toMatchObject({ known: false });
});
