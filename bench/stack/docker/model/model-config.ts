import { z } from "zod";

const count = z.number().int().positive();

/** The fields of a model's `config.json` that its size follows from. Hugging Face's names; others are ignored. */
const textConfigSchema = z.object({
  model_type: z.string().optional(),
  hidden_size: count,
  num_hidden_layers: count,
  num_attention_heads: count,
  num_key_value_heads: count.optional(),
  head_dim: count.nullish(),
  vocab_size: count,
  intermediate_size: count.optional(),
  tie_word_embeddings: z.boolean().optional(),
  max_position_embeddings: count.optional(),
  torch_dtype: z.string().nullish(),
  dtype: z.string().nullish(),
  quantization_config: z
    .object({ quant_method: z.string().optional(), bits: z.number().optional() })
    .nullish(),
  num_experts: count.optional(),
  num_local_experts: count.optional(),
  n_routed_experts: count.nullish(),
  moe_intermediate_size: count.optional(),
  shared_expert_intermediate_size: z.number().int().optional(),
  n_shared_experts: z.number().int().nullish(),
  decoder_sparse_step: count.optional(),
  mlp_only_layers: z.array(z.number()).optional(),
  first_k_dense_replace: z.number().int().optional(),
  kv_lora_rank: count.nullish(),
  q_lora_rank: count.nullish(),
  qk_nope_head_dim: count.optional(),
  qk_rope_head_dim: count.optional(),
  v_head_dim: count.optional(),
});
type TextConfig = z.infer<typeof textConfigSchema>;

/** What the memory of a model follows from. */
export interface ModelShape {
  readonly parameters: number;
  /** Of these, in embeddings and output head, which quantization leaves as they are. */
  readonly embeddingParameters: number;
  readonly layers: number;
  /** Key and value numbers per token and layer, over all heads. */
  readonly kvNumbers: number;
  /** Heads the KV cache can be divided by; 1 for latent attention, which every rank keeps whole. */
  readonly kvHeads: number;
  /** Bytes of one weight in the published files, e.g. 2 for bfloat16. */
  readonly weightBytes: number;
  /** Bytes of an embedding weight. */
  readonly embeddingBytes: number;
  readonly quantized: string | null;
  readonly contextLength: number | null;
}

/**
 * Counts a decoder-only transformer's weights from its `config.json`: attention (grouped or latent), dense and expert
 * layers, embeddings. Norms and biases are left out: they are less than a thousandth.
 * @returns null when the fields of such a model are not there.
 */
export function readModelShape(config: unknown): ModelShape | null {
  const outer = z.object({ text_config: z.unknown().optional() }).safeParse(config);
  const inner = outer.data?.text_config;
  const merged = inner !== null && typeof inner === "object" ? { ...Object(config), ...inner } : config;
  const parsed = textConfigSchema.safeParse(merged);
  if (!parsed.success) return null;
  const model = parsed.data;
  const headDimension = model.head_dim ?? Math.floor(model.hidden_size / model.num_attention_heads);
  const keyValueHeads = model.num_key_value_heads ?? model.num_attention_heads;
  const latent = model.kv_lora_rank ?? null;
  const embeddingParameters =
    model.vocab_size * model.hidden_size * (model.tie_word_embeddings === true ? 1 : 2);
  const attention = attentionParameters(model, { headDimension, keyValueHeads });
  return {
    parameters: embeddingParameters + attention * model.num_hidden_layers + feedForwardParameters(model),
    embeddingParameters,
    layers: model.num_hidden_layers,
    kvNumbers: latent === null ? 2 * keyValueHeads * headDimension : latent + (model.qk_rope_head_dim ?? 0),
    kvHeads: latent === null ? keyValueHeads : 1,
    embeddingBytes: bytesOfType(model.torch_dtype ?? model.dtype ?? "bfloat16"),
    weightBytes: publishedBytes(model),
    quantized: model.quantization_config?.quant_method ?? null,
    contextLength: model.max_position_embeddings ?? null,
  };
}

function attentionParameters(
  model: TextConfig,
  { headDimension, keyValueHeads }: { readonly headDimension: number; readonly keyValueHeads: number },
): number {
  const { hidden_size: hidden, num_attention_heads: heads } = model;
  if (model.kv_lora_rank == null) {
    return 2 * hidden * heads * headDimension + 2 * hidden * keyValueHeads * headDimension;
  }
  const rope = model.qk_rope_head_dim ?? 0;
  const nope = model.qk_nope_head_dim ?? headDimension;
  const value = model.v_head_dim ?? headDimension;
  const query =
    model.q_lora_rank == null
      ? hidden * heads * (nope + rope)
      : model.q_lora_rank * (hidden + heads * (nope + rope));
  const keyValue = hidden * (model.kv_lora_rank + rope) + model.kv_lora_rank * heads * (nope + value);
  return query + keyValue + heads * value * hidden;
}

/** Over all layers. */
function feedForwardParameters(model: TextConfig): number {
  const hidden = model.hidden_size;
  const dense = 3 * hidden * (model.intermediate_size ?? 4 * hidden);
  const experts = model.num_experts ?? model.num_local_experts ?? model.n_routed_experts ?? 0;
  if (experts === 0) return dense * model.num_hidden_layers;
  const width = model.moe_intermediate_size ?? model.intermediate_size ?? 4 * hidden;
  const shared = model.shared_expert_intermediate_size ?? (model.n_shared_experts ?? 0) * width;
  const sparse = 3 * hidden * (experts * width + shared) + hidden * experts;
  const denseLayers = countDenseLayers(model);
  return sparse * (model.num_hidden_layers - denseLayers) + dense * denseLayers;
}

function countDenseLayers(model: TextConfig): number {
  const { num_hidden_layers: layers, decoder_sparse_step: step = 1, mlp_only_layers: only = [] } = model;
  const first = model.first_k_dense_replace ?? 0;
  return Array.from({ length: layers }, (_, layer) => layer).filter(
    (layer) => layer < first || only.includes(layer) || (layer + 1) % step !== 0,
  ).length;
}

function publishedBytes(model: TextConfig): number {
  const quantization = model.quantization_config;
  if (quantization?.bits !== undefined) return quantization.bits / 8;
  return bytesOfType(quantization?.quant_method ?? model.torch_dtype ?? model.dtype ?? "bfloat16");
}

/** Bytes of one number by the name of its type or quantization; 2 for names that are not known. */
export function bytesOfType(name: string): number {
  if (/^(w8a8_)?(fp8|float8|int8)|^e[45]m/i.test(name) || /fp8/i.test(name)) return 1;
  if (/float32|fp32/i.test(name)) return 4;
  if (/awq|gptq|fp4|int4|mxfp4/i.test(name)) return 0.5;
  return 2;
}
