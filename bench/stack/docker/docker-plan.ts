import { resolve } from "node:path";
import type { DockerStackSpec } from "../../config/docker-schema.ts";
import type { Gpu } from "../../host/gpus.ts";
import { dockerRunLine } from "../../docker/container-spec.ts";
import { shellLine } from "../../host/shell-words.ts";
import { planEngine, type EnginePlan, type EngineRole } from "./engine-container.ts";
import { planMemory, stackProblems, withHubFacts, type MemoryPlan } from "./memory-plan.ts";
import { expandHome, freeBytes, type ModelSource } from "./model/model-source.ts";
import { placementProblems } from "./placement.ts";
import { listening } from "./ports.ts";
import { tensorParallel } from "./sglang-arguments.ts";

/** What a Docker stack would start, found out without Docker and without GPUs. */
export interface DockerPlan {
  /** The servers are Tollgate's simulator: they have no weights. */
  readonly simulated: boolean;
  readonly engines: readonly PlannedEngine[];
  readonly ports: readonly { readonly port: number; readonly what: string }[];
  readonly gpus: { readonly needed: number; readonly present: readonly Gpu[] | null };
  readonly disk: readonly DiskNeed[];
  /** What would be refused before anything starts. */
  readonly problems: readonly string[];
}

export interface PlannedEngine {
  readonly role: EngineRole;
  readonly image: string;
  readonly gpus: readonly string[];
  readonly tp: number;
  readonly dp: number;
  readonly url: string;
  readonly servedModel: string;
  readonly radixCache: boolean;
  readonly startSeconds: number;
  readonly model: Omit<ModelSource, "config">;
  readonly memory: MemoryPlan;
  /** Equivalent commands, to be pasted, joined by `&&`. Labels are left out. */
  readonly dockerRun: string;
}

/** One folder, what is expected to be written there, and how much is free. null: not known. */
export interface DiskNeed {
  readonly what: string;
  readonly path: string;
  readonly neededBytes: number | null;
  readonly freeBytes: number | null;
  readonly remark: string | null;
}

export interface DockerPlanFacts {
  readonly experiment: string;
  readonly home: string;
  readonly machine: Readonly<Record<string, string | undefined>>;
  readonly gpus: readonly Gpu[] | null;
  /** Where run directories go. */
  readonly outputDirectory: string;
  /** What the run directory will take; null = never measured. */
  readonly evidenceBytes: number | null;
  /** Arms that run in containers, with their place among the arms. */
  readonly contained: readonly { readonly name: string; readonly index: number }[];
  /** The servers that the workload needs. */
  readonly roles: readonly EngineRole[];
}

export async function planDocker(stack: DockerStackSpec, facts: DockerPlanFacts): Promise<DockerPlan> {
  const { home, machine, roles } = facts;
  const local = roles.map((role) =>
    planEngine(role, stack, { home, machine, name: `tollgate-${facts.experiment}-${role}`, labels: {} }),
  );
  const plans = await withHubFacts(stack, local, machine);
  const disk = diskNeeds(stack, plans, facts);
  return {
    simulated: stack.simulated,
    engines: plans.map((plan) => plannedEngine(plan, stack, facts.gpus)),
    ports: [...listening(stack, facts.contained, roles)].map(([port, what]) => ({ port, what })),
    gpus: { needed: roles.reduce((sum, role) => sum + stack[role].gpus.length, 0), present: facts.gpus },
    disk,
    problems: [
      ...placementProblems(stack, facts.gpus),
      ...stackProblems(stack, plans, facts.gpus),
      ...disk.flatMap(({ what, path, neededBytes, freeBytes: free }) =>
        neededBytes !== null && free !== null && neededBytes > free
          ? [`${what} need ${gigabytes(neededBytes)} and ${path} has ${gigabytes(free)} free.`]
          : [],
      ),
    ],
  };
}

function plannedEngine(plan: EnginePlan, stack: DockerStackSpec, gpus: readonly Gpu[] | null): PlannedEngine {
  const { config: _config, ...model } = plan.model;
  return {
    role: plan.role,
    image: plan.container.image,
    gpus: plan.spec.gpus,
    tp: tensorParallel(plan.spec),
    dp: plan.spec.dp,
    url: plan.url,
    servedModel: plan.servedModel,
    radixCache: plan.spec.radixCache,
    startSeconds: plan.spec.startSeconds,
    model,
    memory: planMemory(plan, stack, gpus),
    dockerRun: [
      // Docker mounts no folder that is not there.
      ...(plan.downloadFolder === null ? [] : [shellLine(["mkdir", "-p", plan.downloadFolder])]),
      dockerRunLine({ ...plan.container, labels: {} }),
    ].join(" && "),
  };
}

function diskNeeds(
  stack: DockerStackSpec,
  plans: readonly EnginePlan[],
  facts: DockerPlanFacts,
): readonly DiskNeed[] {
  const cache = expandHome(stack.cache, facts.home);
  const models = new Map(plans.map(({ model }) => [model.name, model]));
  const downloads = [...models.values()]
    .filter(({ kind, state }) => kind === "hub" && state !== "complete" && !stack.simulated)
    .map((model): DiskNeed => {
      const neededBytes = model.totalBytes === null ? null : model.totalBytes - model.presentBytes;
      const remark = neededBytes === null ? "why: see its weights above" : null;
      return {
        what: `weights of ${model.name}`,
        path: cache,
        neededBytes,
        freeBytes: freeBytes(cache),
        remark,
      };
    });
  const output = resolve(facts.outputDirectory);
  return [
    ...downloads,
    {
      what: "records and evidence",
      path: output,
      neededBytes: facts.evidenceBytes,
      freeBytes: freeBytes(output),
      remark:
        facts.evidenceBytes === null ? "not measured yet: --from RUN takes what a run of yours took" : null,
    },
  ];
}

export function gigabytes(bytes: number): string {
  return `${(bytes / 1e9).toFixed(1)} GB`;
}
