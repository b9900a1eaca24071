import type { DockerEngineSpec } from "../../config/docker-schema.ts";
import type { EnginePorts } from "./ports.ts";

export interface SglangContext {
  /** As the container sees it: a folder or a HF id. */
  readonly modelPath: string;
  readonly servedModel: string;
  readonly ports: EnginePorts;
}

/** Tensor parallel size: what is asked for, or all GPUs of a replica. */
export function tensorParallel({ gpus, tp, dp }: Pick<DockerEngineSpec, "gpus" | "tp" | "dp">): number {
  return tp ?? Math.max(1, Math.floor(gpus.length / dp));
}

/**
 * Command of a container with an SGLang server. Metrics and the cache report are always on: without them nothing can be
 * checked against the engine. A port for NCCL is given only to a single replica: with a fixed one the replicas of a
 * data-parallel server would all take the same.
 */
export function sglangCommand(spec: DockerEngineSpec, context: SglangContext): readonly string[] {
  const valued: readonly (readonly [flag: string, value: string | number | null | undefined])[] = [
    ["model-path", context.modelPath],
    ["served-model-name", context.servedModel],
    ["host", "127.0.0.1"],
    ["port", context.ports.http],
    ["nccl-port", spec.dp === 1 ? context.ports.nccl : null],
    ["tp-size", tensorParallel(spec)],
    ["dp-size", spec.dp === 1 ? null : spec.dp],
    ["context-length", spec.contextLength],
    ["mem-fraction-static", spec.memFractionStatic],
    ["quantization", spec.quantization],
    ["dtype", spec.dtype],
    ["max-running-requests", spec.maxRunningRequests],
    ["tool-call-parser", spec.toolCallParser],
    ["reasoning-parser", spec.reasoningParser],
  ];
  return [
    "python3",
    "-m",
    "sglang.launch_server",
    ...valued.flatMap(([flag, value]) => (value == null ? [] : [`--${flag}`, String(value)])),
    "--enable-metrics",
    "--enable-cache-report",
    ...(spec.deterministic ? ["--enable-deterministic-inference"] : []),
    ...(spec.radixCache ? [] : ["--disable-radix-cache"]),
    ...spec.extraArgs,
  ];
}
