import { z } from "zod";
import { feedbackPlanSchema } from "./feedback-plan.ts";
import { replayPlanSchema } from "./replay-plan.ts";

/** A cell of a plan, with the ids of its episodes. */
export const plannedCellSchema = z.object({
  cellId: z.string().regex(/^[A-Za-z0-9][A-Za-z0-9._-]*$/),
  arm: z.string(),
  /** `raw`, `gateway`, `url`: what the arm is, apart from its name. */
  armKind: z.string(),
  load: z.string(),
  /** Episodes in flight; null for an open loop. */
  concurrency: z.number().int().nullable(),
  repetition: z.number().int(),
  /** Configuration of the agent's engine, one of `sweep.variants`; absent where the experiment has none. */
  variant: z.string().optional(),
  episodeIds: z.array(z.string()),
});

/** What of a workload's data a plan has, and why it has not the rest. */
export const plannedCoverageSchema = z.object({
  of: z.string(),
  selected: z.number().int(),
  total: z.number().int(),
  excluded: z.array(z.object({ reason: z.string(), count: z.number().int() })),
});

/**
 * `run.json`: the identity of a run. Written once, before the first record, and never changed; what happens later is in
 * `records.jsonl`. Readers ignore unknown keys, so a field may be added without a new version.
 */
export const runJsonSchema = z.object({
  v: z.literal(1),
  runId: z.string(),
  /** The experiment's name; the directory's name starts with it. */
  experiment: z.string(),
  note: z.string(),
  /** Wall clock, ISO 8601. */
  createdAt: z.string(),
  /** Command line after the program's name. */
  argv: z.array(z.string()),
  /** The experiment with every default and override filled in. Secrets are names of environment variables, never values. */
  resolved: z.record(z.string(), z.unknown()),
  /** What must be equal for `--resume` and for an honest comparison, e.g. `experiment`, `data`, `schemas`. */
  hashes: z.record(z.string(), z.string()),
  /** Tollgate, Node, agent, engine; null where a part does not tell. */
  versions: z.record(z.string(), z.string().nullable()),
  /** Git revision of Tollgate; null outside a checkout. */
  git: z.object({ revision: z.string(), dirty: z.boolean() }).nullable(),
  host: z.object({
    platform: z.string(),
    architecture: z.string(),
    kernel: z.string(),
    cpuModel: z.string(),
    cpuCount: z.number().int(),
    memoryBytes: z.number(),
    /** One line each; none where there is no NVIDIA driver, or in a run of an older Tollgate. */
    gpus: z.array(z.string()),
    // What follows is absent in runs of an older Tollgate; null: the machine does not tell.
    gpuDetails: z
      .array(
        z.object({
          index: z.number().int(),
          name: z.string(),
          uuid: z.string(),
          memoryTotalMiB: z.number().nullable(),
          driver: z.string(),
        }),
      )
      .nullish(),
    /** Newest CUDA that the driver supports. */
    cuda: z.string().nullish(),
    distribution: z.string().nullish(),
    /** Physical cores; `cpuCount` counts threads. */
    cpuCores: z.number().int().nullish(),
    cpuGovernors: z.array(z.string()).nullish(),
    numaNodes: z.number().int().nullish(),
    /** What the driver's control group allows; null: no limit. */
    cgroup: z.object({ memoryBytes: z.number().nullable(), cpus: z.number().nullable() }).optional(),
    nodeFlags: z.array(z.string()).optional(),
    nodeOptions: z.string().nullish(),
  }),
  agent: z.object({ name: z.string(), version: z.string() }),
  /** True when any engine is a simulator; every output says so. */
  simulated: z.boolean(),
  /** What the workload says about itself: data hashes, effective reward bases. */
  workload: z.record(z.string(), z.unknown()),
  /** What the plan warned of, one sentence each; absent: nothing, or a run of an older Tollgate. */
  warnings: z.array(z.string()).optional(),
  /** What the workload's scores are called; absent where they say no more than whether a task passed. */
  scores: z
    .object({
      averaged: z.enum(["tasks", "groups"]),
      outOf: z.union([z.literal(1), z.literal(100)]),
      names: z.array(z.object({ name: z.string(), heading: z.string(), meaning: z.string() })),
    })
    .optional(),
  /** What of the workload's data the plan has; absent: all of it, or a run of an older Tollgate. */
  coverage: plannedCoverageSchema.optional(),
  /** By what the tasks differ; the values are in the episodes' records. */
  axes: z.array(z.object({ name: z.string(), heading: z.string(), meaning: z.string() })).optional(),
  passAtK: z.array(z.number().int()).optional(),
  /** The plan in the order it runs, so that progress and resume are exact without the experiment's data. */
  cells: z.array(plannedCellSchema),
  /** What decides on cells while the run goes on; then they are in `cells-planned` records, and readers have them here as well. */
  search: z.literal("capacity").optional(),
  /** A part of a sweep that was divided (`sweep --shard`); `plan`: all of its cells with their shards, in the order of one that is not divided. */
  shard: z
    .object({
      index: z.number().int().nonnegative(),
      count: z.number().int().positive(),
      by: z.enum(["loads", "repetitions"]),
      plan: z.array(z.object({ cellId: z.string(), shard: z.number().int() })),
    })
    .optional(),
  /** The runs of shards that this run was made of (`tollgate merge`), in their order. */
  merged: z
    .object({
      by: z.enum(["loads", "repetitions"]),
      /** Shards that were not there, with the cells that are missing with them; absent where all were. */
      missing: z.array(z.object({ index: z.number().int(), cells: z.array(z.string()) })).optional(),
      shards: z.array(
        z.object({
          index: z.number().int(),
          runId: z.string(),
          host: z.string(),
          cells: z.array(z.string()),
        }),
      ),
    })
    .optional(),
  /** Only for a replay: its cells hold requests instead of episodes. */
  replay: replayPlanSchema.optional(),
  /** Only for a run of the preference loop: it has no cells. */
  feedback: feedbackPlanSchema.optional(),
});

export type RunJson = z.infer<typeof runJsonSchema>;
export type PlannedCell = RunJson["cells"][number];
