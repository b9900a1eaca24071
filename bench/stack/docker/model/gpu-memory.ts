import { bytesOfType, type ModelShape } from "./model-config.ts";

/** SGLang chooses about this share itself when --mem-fraction-static is not given; it depends on GPU and batch size. */
export const assumedMemFraction = 0.88;

export interface MemoryQuestion {
  readonly shape: ModelShape;
  /** Bytes of the weight files where they are known exactly; null = counted from the shape. */
  readonly weightFileBytes: number | null;
  readonly tp: number;
  /** --quantization, which replaces what the model says. */
  readonly quantization: string | undefined;
  /** --kv-cache-dtype. */
  readonly kvType: string | undefined;
  readonly contextLength: number | undefined;
  readonly memFractionStatic: number | undefined;
  readonly gpuBytes: number;
}

/** Whether weights and KV cache fit, per GPU. */
export interface MemoryAnswer {
  readonly weightBytesPerGpu: number;
  readonly weightSource: "files" | "config";
  /** Share of the GPU for weights and KV cache. */
  readonly staticBytes: number;
  readonly memFraction: number;
  readonly memFractionAssumed: boolean;
  readonly kvBytesPerToken: number;
  /** Tokens that the KV cache holds beside the weights; 0 when the weights alone are too large. */
  readonly kvTokens: number;
  readonly contextLength: number | null;
  /** The longest prompts that fit at once, in number; null where the context length is not known. */
  readonly fullPrompts: number | null;
  readonly verdict: "fits" | "weights-too-large" | "no-room-for-a-prompt";
}

/**
 * Arithmetic, not a measurement: weights / tp, and KV bytes per token = numbers per token x layers x bytes / ranks that
 * share the heads (a rank keeps a whole head, so more ranks than heads save nothing).
 */
export function checkMemory(question: MemoryQuestion): MemoryAnswer {
  const { shape, tp } = question;
  const weightBytesPerGpu = weightsOf(question) / tp;
  const memFraction = question.memFractionStatic ?? assumedMemFraction;
  const staticBytes = question.gpuBytes * memFraction;
  const kvBytes =
    question.kvType === undefined || question.kvType === "auto" ? 2 : bytesOfType(question.kvType);
  const kvBytesPerToken = (shape.kvNumbers * shape.layers * kvBytes) / Math.min(tp, shape.kvHeads);
  const kvTokens = Math.max(0, Math.floor((staticBytes - weightBytesPerGpu) / kvBytesPerToken));
  const contextLength = question.contextLength ?? shape.contextLength;
  const roomFor = contextLength === null ? null : kvTokens / contextLength;
  return {
    weightBytesPerGpu,
    weightSource: weightSource(question),
    staticBytes,
    memFraction,
    memFractionAssumed: question.memFractionStatic === undefined,
    kvBytesPerToken,
    kvTokens,
    contextLength,
    fullPrompts: roomFor,
    verdict: verdictOf({ weightsFit: weightBytesPerGpu < staticBytes, roomFor }),
  };
}

/** Files count when they are loaded as they are; a quantization asked for on top changes what is in memory. */
function weightSource({ weightFileBytes, quantization, shape }: MemoryQuestion): "files" | "config" {
  const changed = quantization !== undefined && quantization !== shape.quantized;
  return weightFileBytes === null || changed ? "config" : "files";
}

function weightsOf(question: MemoryQuestion): number {
  const { shape, quantization, weightFileBytes } = question;
  if (weightFileBytes !== null && weightSource(question) === "files") return weightFileBytes;
  const perWeight =
    quantization === undefined ? shape.weightBytes : Math.min(bytesOfType(quantization), shape.weightBytes);
  return (
    shape.embeddingParameters * shape.embeddingBytes +
    (shape.parameters - shape.embeddingParameters) * perWeight
  );
}

function verdictOf(facts: {
  readonly weightsFit: boolean;
  readonly roomFor: number | null;
}): MemoryAnswer["verdict"] {
  if (!facts.weightsFit) return "weights-too-large";
  return facts.roomFor !== null && facts.roomFor < 1 ? "no-room-for-a-prompt" : "fits";
}
