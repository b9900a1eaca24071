import { readdir, stat } from "node:fs/promises";
import { join, resolve } from "node:path";
import type { Experiment } from "../config/experiment.ts";
import { ConfigError } from "../errors.ts";
import { clockText } from "../run/sweep-progress.ts";
import { gigabytes, planDocker, type DockerPlan, type PlannedEngine } from "../stack/docker/docker-plan.ts";
import type { EngineRole } from "../stack/docker/engine-container.ts";
import { readGpus } from "../host/gpus.ts";
import type { Host } from "./host.ts";

export interface DockerPlanRequest {
  readonly experiment: Experiment;
  /** Episodes of the whole sweep. */
  readonly episodes: number;
  /** Run that was measured, for what an episode takes on disk; null = none. */
  readonly measured: { readonly directory: string; readonly episodes: number } | null;
  /** The servers that the workload needs: one without a user starts no engine for it. */
  readonly roles: readonly EngineRole[];
}

/** What `plan` adds for a Docker stack; null for the other kinds. */
export async function dockerPlanOf(request: DockerPlanRequest, host: Host): Promise<DockerPlan | null> {
  const { experiment, measured } = request;
  if (experiment.stack.kind !== "docker") return null;
  const home = host.environment["HOME"];
  if (!home) throw new ConfigError("HOME is not set; it is where ~ in the experiment's paths leads. Set it.");
  const bytesPerEpisode =
    measured === null || measured.episodes === 0
      ? null
      : (await folderBytes(measured.directory)) / measured.episodes;
  return planDocker(experiment.stack, {
    experiment: experiment.name,
    home,
    machine: host.environment,
    gpus: await readGpus(host.environment),
    outputDirectory: resolve(host.workingDirectory, experiment.output.directory),
    evidenceBytes: bytesPerEpisode === null ? null : bytesPerEpisode * request.episodes,
    roles: request.roles,
    contained: experiment.arms.flatMap((arm, index) =>
      "image" in arm && arm.image !== undefined ? [{ name: arm.name, index }] : [],
    ),
  });
}

async function folderBytes(directory: string): Promise<number> {
  const entries = await readdir(directory, { recursive: true, withFileTypes: true });
  const files = entries.filter((entry) => entry.isFile());
  const sizes = await Promise.all(
    files.map(async ({ parentPath, name }) => (await stat(join(parentPath, name))).size),
  );
  return sizes.reduce((sum, size) => sum + size, 0);
}

/** GPU-hours of a sweep: every GPU of both servers is taken from the first cell to the last. */
export function gpuHours(plan: DockerPlan, seconds: number): number {
  return (plan.gpus.needed * seconds) / 3600;
}

/** The plan of a Docker stack for a person. `seconds`: time of the sweep; null = not measured. */
export function dockerPlanText(plan: DockerPlan, seconds: number | null): string {
  return [
    ...plan.engines.map((engine) => engineText(engine, plan.simulated)),
    `ports: ${plan.ports.map(({ port, what }) => `${port} ${what}`).join(", ")}`,
    gpuText(plan, seconds),
    ...plan.disk.map(
      ({ what, path, neededBytes, freeBytes, remark }) =>
        `disk: ${what}: ${neededBytes === null ? "size not known" : gigabytes(neededBytes)}${remark === null ? "" : ` (${remark})`}; ` +
        `${freeBytes === null ? "free space not known" : `${gigabytes(freeBytes)} free`} at ${path}`,
    ),
    "Commands that start the same servers by hand (`docker rm -f NAME` ends them):",
    ...plan.engines.map(({ dockerRun }) => `\n${dockerRun}`),
  ].join("\n");
}

function gpuText(plan: DockerPlan, seconds: number | null): string {
  const { gpus } = plan;
  const found =
    gpus.present === null
      ? "cannot be checked here: no nvidia-smi"
      : `${gpus.present.length} on this machine (${[...new Set(gpus.present.map(({ name }) => name))].join(", ")})`;
  const hours =
    seconds === null
      ? "GPU-hours are not known before something was measured"
      : `${gpuHours(plan, seconds).toFixed(1)} GPU-hours for the cells, and ${gpus.needed} GPUs x the loading time before them`;
  return `GPUs: ${gpus.needed} needed, ${found}; ${hours}`;
}

function engineText(engine: PlannedEngine, simulated: boolean): string {
  const { role, gpus, tp, dp, model, memory, radixCache, startSeconds } = engine;
  const costs = simulated
    ? ["  simulated: no weights, no GPU memory"]
    : [`  weights: ${modelText(model)}`, `  memory: ${memoryText(memory)}`];
  return [
    `${role} engine: ${engine.servedModel} at ${engine.url}, GPU ${gpus.join(",")} (tp ${tp}${dp === 1 ? "" : ` x dp ${dp}`}), ` +
      `radix cache ${radixCache ? "on" : "off"}, ${engine.image}, at most ${clockText(startSeconds)} to load`,
    ...costs,
  ].join("\n");
}

function modelText({ name, state, totalBytes, presentBytes, remark }: PlannedEngine["model"]): string {
  if (state === "complete")
    return `${name}, ${gigabytes(totalBytes ?? presentBytes)}, complete on this machine`;
  const left = totalBytes === null ? "an unknown number of bytes" : gigabytes(totalBytes - presentBytes);
  return `${name}, ${state} on this machine (${remark ?? "not found"}); ${left} to download`;
}

function memoryText(memory: PlannedEngine["memory"]): string {
  if (!memory.known) return `not checked: ${memory.why}`;
  const { answer, gpuBytes, gpuSource } = memory;
  const { contextLength, fullPrompts } = answer;
  return (
    `per GPU ${gigabytes(answer.weightBytesPerGpu)} of weights (by ${answer.weightSource === "files" ? "its files" : "its config.json"}) ` +
    `in ${gigabytes(answer.staticBytes)} = ${answer.memFraction}${answer.memFractionAssumed ? " (assumed; SGLang chooses)" : ""} ` +
    `x ${gigabytes(gpuBytes)} (${gpuSource}); KV cache ${(answer.kvBytesPerToken / 1024).toFixed(1)} KiB a token, ${answer.kvTokens} tokens` +
    (fullPrompts === null ? "" : ` = ${fullPrompts.toFixed(1)} prompts of ${String(contextLength)}`) +
    (answer.verdict === "fits" ? "" : " DOES NOT FIT")
  );
}
