import { z } from "zod";
import { armSchema } from "./arm-schema.ts";
import { capacitySchema } from "./capacity-schema.ts";
import { varianceSchema } from "./variance-schema.ts";
import { compareSchema } from "./compare-schema.ts";
import { failureLimitKeys } from "./failure-limits.ts";
import { collectSchema } from "./collect-schema.ts";
import { kubernetesSchema } from "./kubernetes-schema.ts";
import {
  sectionSchema,
  sinksSchema,
  type AgentSection,
  type Sections,
  type SinkSection,
  type WorkloadSection,
} from "./section.ts";
import { pathSetting } from "./path-setting.ts";
import { sandboxSchema } from "./sandbox-schema.ts";
import { sloSchema } from "./slo-schema.ts";
import { stackSchema } from "./stack-schema.ts";
import { variantsSchema } from "./variants.ts";

/**
 * The experiment file: what a user writes in YAML. Strict: an unknown key is an error, with a suggestion.
 * `tollgate schema` prints it as JSON Schema, so every field carries a description. The order of keys is that of `run.json`.
 */
const seconds = (fallback: number, what: string) =>
  z.number().positive().default(fallback).describe(`${what}, in seconds`);

/** Cells, folders and tables are named after arms, so a name stands for one arm. */
function refuseSameNames(arms: readonly { readonly name: string }[], context: z.RefinementCtx): void {
  for (const [index, { name }] of arms.entries()) {
    if (arms.findIndex((arm) => arm.name === name) === index) continue;
    const message = `another arm is called ${name}, too; give each arm a name of its own`;
    context.addIssue({ code: "custom", path: [index, "name"], message });
  }
}

function refuseSameLoads(loads: readonly number[], context: z.RefinementCtx): void {
  for (const [index, load] of loads.entries()) {
    if (loads.indexOf(load) === index) continue;
    const message = `${load} is there already; to run every load more than once, set sweep.repetitions`;
    context.addIssue({ code: "custom", path: [index], message });
  }
}

const before = {
  name: z
    .string()
    .regex(
      /^[a-z0-9][a-z0-9-]{0,40}$/,
      "write lower-case letters, digits and hyphens, at most 41, e.g. my-servers: folders are named after it",
    )
    .describe("Lower-case name; the run directory starts with it"),
  note: z.string().default("").describe("Free text, shown by `tollgate runs`"),
  stack: stackSchema,
  arms: z
    .array(armSchema)
    .min(1)
    .superRefine(refuseSameNames)
    .prefault([
      { kind: "raw", name: "raw" },
      { kind: "gateway", name: "gateway" },
    ]),
};
const after = {
  sweep: z
    .strictObject({
      concurrency: z
        .array(z.number().int().min(1).max(100_000))
        .min(1)
        .max(1000)
        .superRefine(refuseSameLoads)
        .default([1, 4])
        .describe("Episodes in flight, one cell each"),
      repetitions: z.number().int().min(1).max(1000).default(1).describe("Times the whole matrix is run"),
      slo: sloSchema,
      variants: variantsSchema,
    })
    .prefault({}),
  sampling: z
    .strictObject({
      temperature: z.number().min(0).default(0),
      topP: z.number().min(0).max(1).default(1),
      topK: z.number().int().default(-1).describe("-1 = no limit"),
      maxTokens: z.number().int().positive().default(2048),
    })
    .prefault({})
    .describe("Pinned in every arm, because engines and gateways fall back to defaults of their own"),
  limits: z
    .strictObject({
      callSeconds: seconds(300, "One model request"),
      turnSeconds: seconds(600, "One agent turn"),
      episodeSeconds: seconds(1800, "One episode"),
      cellSeconds: seconds(14_400, "One cell"),
      drainSeconds: seconds(60, "Wait for the engines to become idle"),
      startSeconds: seconds(180, "Start of a server"),
      ...failureLimitKeys,
    })
    .prefault({}),
  compare: compareSchema,
  variance: varianceSchema,
  collect: collectSchema,
  capacity: capacitySchema,
  sandbox: sandboxSchema,
  kubernetes: kubernetesSchema,
  output: z
    .strictObject({
      directory: pathSetting()
        .default("runs")
        .describe("Folder of run directories; default: runs, where Tollgate is started"),
      bodies: z.boolean().default(true).describe("Keep request and response bodies as evidence"),
      sampleSeconds: z
        .number()
        .refine((seconds) => seconds === 0 || seconds >= 1, "at least 1, or 0 for no readings")
        .default(2)
        .describe(
          "Seconds between two readings of the engines' metrics pages while a cell runs (requests running and queued, memory in use), at least 1; 0: none",
        ),
      powerSeconds: z
        .number()
        .refine((seconds) => seconds === 0 || seconds >= 1, "at least 1, or 0 for no readings")
        .default(5)
        .describe("Seconds between two readings of the GPUs' power while a cell runs, at least 1; 0: none"),
      dcgm: z
        .url()
        .optional()
        .describe(
          "Metrics page of a DCGM exporter, for the GPUs' power; default: nvidia-smi of this machine",
        ),
    })
    .prefault({}),
};

type Own = z.infer<z.ZodObject<typeof before & typeof after>>;

/** An experiment; a section is read by the workload or agent that brings it; all others know only what every section has. */
export interface Experiment<
  Workload extends WorkloadSection = WorkloadSection,
  Agent extends AgentSection = AgentSection,
> extends Own {
  readonly agent: Agent;
  readonly workload: Workload;
  readonly sinks?: readonly SinkSection[] | undefined;
}

/** The schema of a whole file, made of what `config` knows and of the sections that others bring. */
export function experimentSchema(sections: Sections): z.ZodType<Experiment> {
  return z.strictObject({
    ...before,
    agent: sectionSchema<AgentSection>(sections.agents).prefault({} as AgentSection),
    workload: sectionSchema<WorkloadSection>(sections.workloads),
    ...after,
    sinks: sinksSchema(sections.sinks),
  });
}
