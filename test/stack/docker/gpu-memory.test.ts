import { expect, test } from "vitest";
import { checkMemory, type MemoryQuestion } from "../../../bench/stack/docker/model/gpu-memory.ts";
import { readModelShape, type ModelShape } from "../../../bench/stack/docker/model/model-config.ts";

/** Fields as the models' own config.json have them. */
const qwen3Moe = {
  hidden_size: 4096,
  num_hidden_layers: 94,
  num_attention_heads: 64,
  num_key_value_heads: 4,
  head_dim: 128,
  vocab_size: 151_936,
  intermediate_size: 12_288,
  tie_word_embeddings: false,
  max_position_embeddings: 262_144,
  torch_dtype: "bfloat16",
  num_experts: 128,
  moe_intermediate_size: 1536,
};
const llama8b = {
  hidden_size: 4096,
  num_hidden_layers: 32,
  num_attention_heads: 32,
  num_key_value_heads: 8,
  vocab_size: 128_256,
  intermediate_size: 14_336,
  torch_dtype: "bfloat16",
  max_position_embeddings: 131_072,
};
const deepseekV3 = {
  hidden_size: 7168,
  num_hidden_layers: 61,
  num_attention_heads: 128,
  num_key_value_heads: 128,
  vocab_size: 129_280,
  intermediate_size: 18_432,
  moe_intermediate_size: 2048,
  n_routed_experts: 256,
  n_shared_experts: 1,
  first_k_dense_replace: 3,
  kv_lora_rank: 512,
  q_lora_rank: 1536,
  qk_nope_head_dim: 128,
  qk_rope_head_dim: 64,
  v_head_dim: 128,
  quantization_config: { quant_method: "fp8" },
};

function shapeOf(config: unknown): ModelShape {
  const shape = readModelShape(config);
  if (shape === null) throw new Error("no shape");
  return shape;
}

test("weights counted from config.json are those that the models are named after", () => {
  expect(shapeOf(qwen3Moe).parameters / 1e9).toBeCloseTo(235.1, 1);
  expect(shapeOf(llama8b).parameters / 1e9).toBeCloseTo(8.03, 2);
  expect(shapeOf(deepseekV3).parameters / 1e9).toBeCloseTo(671, 0);
  expect(shapeOf({ text_config: llama8b }).parameters).toBe(shapeOf(llama8b).parameters);
  expect(readModelShape({ model_type: "mamba" })).toBeNull();
});

test("bytes per KV token: grouped heads, latent attention, more ranks than heads", () => {
  const perToken = (config: unknown, tp: number, kvType?: string) =>
    checkMemory(question(config, { tp, kvType })).kvBytesPerToken;
  expect(perToken(llama8b, 1)).toBe(2 * 8 * 128 * 32 * 2);
  expect(perToken(llama8b, 4)).toBe((2 * 8 * 128 * 32 * 2) / 4);
  // Four heads on eight ranks: each rank keeps a whole one.
  expect(perToken(qwen3Moe, 8)).toBe(perToken(qwen3Moe, 4));
  expect(perToken(deepseekV3, 8)).toBe((512 + 64) * 61 * 2);
  expect(perToken(llama8b, 1, "fp8_e5m2")).toBe(2 * 8 * 128 * 32);
});

test("Qwen3-235B on four 80 GB GPUs: bf16 is refused, FP8 fits, and says with how much room", () => {
  const bf16 = checkMemory(question(qwen3Moe, { tp: 4 }));
  expect(bf16).toMatchObject({ verdict: "weights-too-large", kvTokens: 0, weightSource: "config" });
  expect(bf16.weightBytesPerGpu / 1e9).toBeCloseTo(117.5, 1);
  const fp8 = checkMemory(question({ ...qwen3Moe, quantization_config: { quant_method: "fp8" } }, { tp: 4 }));
  expect(fp8.verdict).toBe("fits");
  expect(fp8.weightBytesPerGpu / 1e9).toBeCloseTo(59.1, 1);
  expect(fp8.fullPrompts).toBeGreaterThan(1);
  // Asked for at start, on weights that were published in bf16.
  expect(checkMemory(question(qwen3Moe, { tp: 4, quantization: "fp8", weightFileBytes: 470e9 }))).toEqual({
    ...fp8,
    weightSource: "config",
  });
  const tight = checkMemory(question(qwen3Moe, { tp: 4, quantization: "fp8", memFractionStatic: 0.72 }));
  expect(tight.verdict).toBe("no-room-for-a-prompt");
});

test("files that are here count instead of arithmetic", () => {
  const answer = checkMemory(question(llama8b, { tp: 2, weightFileBytes: 17e9 }));
  expect(answer).toMatchObject({ weightSource: "files", weightBytesPerGpu: 8.5e9, memFractionAssumed: true });
});

function question(config: unknown, changes: Partial<MemoryQuestion>): MemoryQuestion {
  return {
    shape: shapeOf(config),
    weightFileBytes: null,
    tp: 1,
    quantization: undefined,
    kvType: undefined,
    contextLength: undefined,
    memFractionStatic: undefined,
    gpuBytes: 80 * 1024 ** 3,
    ...changes,
  };
}
