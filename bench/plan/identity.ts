import { createHash } from "node:crypto";
import type { DockerEngineSpec } from "../config/docker-schema.ts";
import type { Experiment } from "../config/experiment.ts";
import type { EpisodeTask } from "../workload/workload.ts";
import type { Cell } from "./cells.ts";

/**
 * The id of an episode: 16 hex digits of what it is made of (cell settings, task, trial, seed). Ports, paths and limits
 * of time are left out, so a resumed run on another port, or from another folder, finds its episodes again.
 */
export function episodeId(experiment: Experiment, cell: Cell, task: EpisodeTask): string {
  return fingerprint({ ...cellSettings(experiment, cell), ...task });
}

/** What makes two runs comparable, without where things are. Kept in `run.json`; `--resume` refuses another one. */
export function experimentFingerprint(experiment: Experiment): string {
  const { output: _output, note: _note, limits: _limits, sinks: _sinks, workload, ...rest } = experiment;
  return fingerprint({ ...rest, stack: serversOf(rest.stack), workload: withoutPaths(workload) });
}

function cellSettings(experiment: Experiment, cell: Cell) {
  const { stack, agent, sampling, workload } = experiment;
  const { tasks: _tasks, trials: _trials, judge: _judge, ...settings } = withoutPaths(workload);
  return {
    arm: withoutPlaces(cell.arm),
    concurrency: cell.concurrency,
    repetition: cell.repetition,
    stack:
      stack.kind === "attach" ? { kind: stack.kind, model: stack.agent.model ?? null } : serversOf(stack),
    agent: { kind: agent.kind, prompt: agent.prompt },
    sampling,
    workload: settings,
  };
}

/** Where an arm is reached and where its program lies say nothing about what it is. */
function withoutPlaces(arm: Cell["arm"]): Readonly<Record<string, unknown>> {
  const places = new Set(["url", "metricsUrl", "dataProxyUrls", "innerTapPort", "python", "checkout"]);
  return Object.fromEntries(Object.entries(arm).filter(([key]) => !places.has(key)));
}

/** A server in a container is the same one on other GPUs, ports and CPUs of its kind of node. */
function serversOf(stack: Experiment["stack"]): unknown {
  if (stack.kind !== "docker") return stack;
  const { basePort: _port, cache: _cache, pull: _pull, gpuMemoryGiB: _memory, agent, user, ...rest } = stack;
  const { onEngineDeath: _policy, ...servers } = rest;
  return { ...servers, agent: serverOf(agent), user: serverOf(user) };
}

function serverOf(engine: DockerEngineSpec): unknown {
  const { gpus, cpus: _cpus, memoryNodes: _nodes, startSeconds: _start, volumes: _volumes, ...rest } = engine;
  return { ...rest, gpus: gpus.length };
}

function withoutPaths(workload: Experiment["workload"]) {
  const { data: _data, schemas: _schemas, checkout: _checkout, ...rest } = workload;
  return rest;
}

/** First 16 hex digits of sha256 over JSON with sorted keys. */
export function fingerprint(value: unknown): string {
  return createHash("sha256").update(canonicalJson(value)).digest("hex").slice(0, 16);
}

function canonicalJson(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(canonicalJson).join(",")}]`;
  if (value !== null && typeof value === "object") {
    const entries = Object.entries(value)
      .filter(([, item]) => item !== undefined)
      .sort(([a], [b]) => (a < b ? -1 : 1));
    return `{${entries.map(([key, item]) => `${JSON.stringify(key)}:${canonicalJson(item)}`).join(",")}}`;
  }
  return JSON.stringify(value ?? null);
}
