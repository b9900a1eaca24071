import { z } from "zod";
import { armSchema } from "./arm-schema.ts";
import { compareSchema } from "./compare-schema.ts";
import { collectSchema } from "./collect-schema.ts";
import { sectionSchema, type AgentSection, type Sections, type WorkloadSection } from "./section.ts";
import { stackSchema } from "./stack-schema.ts";

/**
 * The experiment file: what a user writes in YAML. Strict: an unknown key is an error, with a suggestion.
 * `tollgate schema` prints it as JSON Schema, so every field carries a description. The order of keys is that of `run.json`.
 */
const seconds = (fallback: number, what: string) =>
  z.number().positive().default(fallback).describe(`${what}, in seconds`);

const before = {
  name: z
    .string()
    .regex(/^[a-z0-9][a-z0-9-]{0,40}$/)
    .describe("Lower-case name; the run directory starts with it"),
  note: z.string().default("").describe("Free text, shown by `tollgate runs`"),
  stack: stackSchema,
  arms: z
    .array(armSchema)
    .min(1)
    .prefault([
      { kind: "raw", name: "raw" },
      { kind: "gateway", name: "gateway" },
    ]),
};
const after = {
  sweep: z
    .strictObject({
      concurrency: z
        .array(z.number().int().positive())
        .min(1)
        .default([1, 4])
        .describe("Episodes in flight, one cell each"),
      repetitions: z.number().int().positive().default(1).describe("Times the whole matrix is run"),
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
    })
    .prefault({}),
  compare: compareSchema,
  collect: collectSchema,
  sinks: z
    .array(z.looseObject({ kind: z.string() }))
    .optional()
    .describe("Where results go beside the run directory"),
  output: z
    .strictObject({
      directory: z.string().default("runs").describe("Folder of run directories"),
      bodies: z.boolean().default(true).describe("Keep request and response bodies as evidence"),
    })
    .prefault({}),
};

type Own = z.infer<z.ZodObject<typeof before & typeof after>>;

/** An experiment; whoever brings a section knows what is in it, all others know only what every section has. */
export interface Experiment<
  Workload extends WorkloadSection = WorkloadSection,
  Agent extends AgentSection = AgentSection,
> extends Own {
  readonly agent: Agent;
  readonly workload: Workload;
}

/** The schema of a whole file, made of what `config` knows and of the sections that others bring. */
export function experimentSchema(sections: Sections): z.ZodType<Experiment> {
  return z.strictObject({
    ...before,
    agent: sectionSchema<AgentSection>(sections.agents).prefault({} as AgentSection),
    workload: sectionSchema<WorkloadSection>(sections.workloads),
    ...after,
  });
}
