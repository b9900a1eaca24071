import { createHash } from "node:crypto";
import { basename, isAbsolute } from "node:path";
import type { DockerEngineSpec } from "../config/docker-schema.ts";
import type { Experiment } from "../config/experiment.ts";
import type { LoadedExperiment } from "../config/load-experiment.ts";
import type { ProcessRoleSpec } from "../config/process-schema.ts";
import type { SimulatorSpec } from "../config/simulator-schema.ts";
import { variantNames, withVariant } from "../config/variants.ts";
import type { EpisodeTask } from "../workload/workload.ts";
import type { Cell } from "./cells.ts";

/** What ids are made of: the workload's and the agent's sections say themselves what of them is where a thing lies. */
export type IdentifiedExperiment = Pick<LoadedExperiment, "written" | "identities">;

/**
 * The id of an episode: 16 hex digits of what it is made of (cell settings, task, trial, seed). Ports, paths and limits
 * of time are left out, so a resumed run on another port, or from another folder, finds its episodes again.
 */
export function episodeId(loaded: IdentifiedExperiment, cell: Cell, task: EpisodeTask): string {
  return episodeIds(loaded, cell)(task);
}

/** The ids of a cell's episodes. What they share is written out once: a cell has up to a million of them. */
export function episodeIds(loaded: IdentifiedExperiment, cell: Cell): (task: EpisodeTask) => string {
  const shared = canonicalEntries(cellSettings(loaded, cell));
  return ({ facts, ...task }) => {
    const own: object = { ...facts, ...task };
    // A name that the task has too is the task's.
    const entries = [...shared.filter(([key]) => !(key in own)), ...canonicalEntries(own)];
    return hashOf(objectText(entries));
  };
}

/** What makes two runs comparable, without where things are. Kept in `run.json`; `--resume` refuses another one. */
export function experimentFingerprint({ written, identities }: IdentifiedExperiment): string {
  const { output: _output, note: _note, limits: _limits, sinks: _sinks, kubernetes, ...rest } = written;
  const { agent, workload } = identities;
  return fingerprint({
    ...rest,
    ...variantsOf(written),
    // Where pods run says nothing about what is measured; the engine that they bring does.
    ...(kubernetes?.engine !== undefined && {
      kubernetes: { engine: kubernetes.engine, gpus: kubernetes.gpus },
    }),
    stack: serversOf(rest.stack),
    agent: agent.run,
    workload: workload.run,
  });
}

/** The stack of every variant, in their order, which is that of the cells. */
function variantsOf(written: Experiment): object {
  const names = variantNames(written);
  if (names.length === 0) return {};
  const { variants: _changes, ...sweep } = written.sweep;
  const stacks = names.map((name) => ({ name, stack: serversOf(withVariant(written, name).stack) }));
  return { sweep: { ...sweep, variants: stacks } };
}

function cellSettings({ written, identities }: IdentifiedExperiment, cell: Cell) {
  const { arms, sampling, sandbox } = written;
  const { variant } = cell;
  const { stack } = withVariant(written, variant);
  return {
    arm: withoutPlaces(arms.find(({ name }) => name === cell.arm.name) ?? cell.arm),
    concurrency: cell.concurrency,
    repetition: cell.repetition,
    stack:
      stack.kind === "attach" ? { kind: stack.kind, model: stack.agent.model ?? null } : serversOf(stack),
    agent: identities.agent.episode,
    sampling,
    workload: identities.workload.episode,
    ...(sandbox !== undefined && { sandbox }),
    // Two variants may differ in an address alone, which is no setting.
    ...(variant !== undefined && { variant }),
  };
}

/** Where an arm is reached and where its program lies say nothing about what it is. */
function withoutPlaces(arm: Cell["arm"]): Readonly<Record<string, unknown>> {
  const own = ["python", "checkout", "versionCommand"];
  const places = new Set(["url", "metricsUrl", "dataProxyUrls", "innerTapPort", ...own]);
  return Object.fromEntries(Object.entries(arm).filter(([key]) => !places.has(key)));
}

/** A server in a container is the same one on other GPUs, ports and CPUs of its kind of node. */
function serversOf(stack: Experiment["stack"]): unknown {
  if (stack.kind === "process")
    return { kind: stack.kind, agent: programOf(stack.agent), user: programOf(stack.user) };
  if (stack.kind === "embedded")
    return { ...stack, agent: simulatorOf(stack.agent), user: simulatorOf(stack.user) };
  if (stack.kind !== "docker") return stack;
  const { basePort: _port, cache: _cache, pull: _pull, gpuMemoryGiB: _memory, agent, user, ...rest } = stack;
  const { onEngineDeath: _policy, ...servers } = rest;
  return { ...servers, agent: serverOf(agent), user: serverOf(user) };
}

function serverOf(engine: DockerEngineSpec): unknown {
  const { gpus, cpus: _cpus, memoryNodes: _nodes, startSeconds: _start, volumes: _volumes, ...rest } = engine;
  return { ...rest, gpus: gpus.length };
}

/** Settings that came later, with what runs from before did: that goes without saying in ids. */
const asBefore = { sglang: "0.5.23", prefillStepMs: 0, hostStepMs: 0, hostStepMsPerRequest: 0 } as const;

function simulatorOf(spec: SimulatorSpec): unknown {
  const before: Readonly<Record<string, unknown>> = asBefore;
  return Object.fromEntries(Object.entries(spec).filter(([name, value]) => before[name] !== value));
}

/** A server by command line is the same one in another folder, at another port and on other GPUs. */
function programOf(spec: ProcessRoleSpec): unknown {
  if (spec.kind === "simulator") return simulatorOf(spec);
  const { command, environment, gpus, model, simulated, contextLength } = spec;
  return {
    command: command.map(withoutFolder),
    environment: Object.fromEntries(
      Object.entries(environment).map(([name, value]) => [name, withoutFolder(value)]),
    ),
    gpus: gpus?.length ?? null,
    model,
    simulated,
    contextLength,
  };
}

/** `/where/it/lies/model` and `--flag=/where/it/lies/model` by their last part. */
function withoutFolder(word: string): string {
  const [, flag = "", value = word] = /^(--?[\w-]+=)(.+)$/s.exec(word) ?? [];
  return isAbsolute(value) || value.startsWith(".") ? flag + basename(value) : word;
}

/** First 16 hex digits of sha256 over JSON with sorted keys. */
export function fingerprint(value: unknown): string {
  return hashOf(canonicalJson(value));
}

function hashOf(text: string): string {
  return createHash("sha256").update(text).digest("hex").slice(0, 16);
}

function canonicalJson(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(canonicalJson).join(",")}]`;
  if (value !== null && typeof value === "object") return objectText(canonicalEntries(value));
  return JSON.stringify(value ?? null);
}

type CanonicalEntry = readonly [key: string, text: string];

function canonicalEntries(value: object): readonly CanonicalEntry[] {
  return Object.entries(value)
    .filter(([, item]) => item !== undefined)
    .map(([key, item]) => [key, `${JSON.stringify(key)}:${canonicalJson(item)}`]);
}

function objectText(entries: readonly CanonicalEntry[]): string {
  const sorted = entries.toSorted(([a], [b]) => (a < b ? -1 : 1));
  return `{${sorted.map(([, text]) => text).join(",")}}`;
}
