import { z } from "zod";
import { armSchema } from "./arm-schema.ts";
import { compareSchema } from "./compare-schema.ts";
import { collectSchema } from "./collect-schema.ts";
import { stackSchema } from "./stack-schema.ts";

/**
 * The experiment file: what a user writes in YAML. Strict: an unknown key is an error, with a suggestion.
 * `tollgate schema` prints it as JSON Schema, so every field carries a description.
 */
const seconds = (fallback: number, what: string) =>
  z.number().positive().default(fallback).describe(`${what}, in seconds`);

export const agentSchema = z.strictObject({
  kind: z
    .enum(["openclaw", "native"])
    .default("openclaw")
    .describe("openclaw: the real agent; native: tau2's own loop"),
  prompt: z
    .enum(["exact", "stock"])
    .default("exact")
    .describe("exact: the model sees what tau2 would send, byte for byte; stock: OpenClaw as it ships"),
  gateways: z
    .union([z.literal("auto"), z.number().int().positive()])
    .default("auto")
    .describe("OpenClaw gateway processes; auto = clamp(ceil(C/12), 1, floor(cores/2))"),
});

export const workloadSchema = z.strictObject({
  kind: z.literal("tau2").default("tau2"),
  domain: z
    .string()
    .describe(
      "library (ships with Tollgate), mock, airline, retail, telecom, telecom-workflow, banking_knowledge (in Python)",
    ),
  data: z
    .string()
    .optional()
    .describe("Folder that holds tau2/; default: Tollgate's own data. TAU2_DATA_DIR overrides"),
  schemas: z
    .string()
    .optional()
    .describe("Folder with schemas_<domain>.json; default: DATA/../golden, then the checkout"),
  checkout: z
    .string()
    .optional()
    .describe("tau2-bench checkout to read tool schemas from. TAU2_CHECKOUT overrides"),
  tasks: z
    .strictObject({
      ids: z
        .array(z.union([z.string(), z.number()]).transform(String))
        .optional()
        .describe("Task ids to run"),
      split: z.string().optional().describe("Name in split_tasks.json; default base where it exists"),
      count: z.number().int().positive().optional().describe("The first N of the selected tasks"),
    })
    .prefault({}),
  trials: z
    .number()
    .int()
    .positive()
    .default(1)
    .describe("Repetitions of each task (pass^k needs k of them)"),
  maxSteps: z.number().int().positive().default(200).describe("tau2's step limit; a tool round counts 2"),
  maxErrors: z.number().int().positive().default(10).describe("tau2's limit of failed tool calls"),
  seed: z.number().int().default(300).describe("Base seed; trial seeds are drawn from it as tau2 does"),
  pythonVersion: z.string().default("3.12").describe("Python whose error texts the tools reproduce"),
  pydanticVersion: z.string().default("2.12").describe("pydantic whose error texts the tools reproduce"),
  python: z
    .string()
    .optional()
    .describe("Interpreter for banking_knowledge, with tau2's packages installed; default python3"),
  retrieval: z
    .enum(["no_knowledge", "full_kb", "golden_retrieval"])
    .optional()
    .describe("How banking_knowledge's agent gets at the documents; default no_knowledge"),
  judge: z
    .strictObject({
      url: z.url().describe("Base URL of an OpenAI-compatible server, with or without /v1"),
      model: z.string().describe("Model to ask"),
      apiKeyEnv: z.string().optional().describe("Environment variable that holds the API key"),
    })
    .optional()
    .describe(
      "Endpoint for natural-language assertions (`tollgate judge`); without it such tasks stay unjudged",
    ),
});

export const experimentSchema = z.strictObject({
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
  agent: agentSchema.prefault({}),
  workload: workloadSchema,
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
});

export type Experiment = z.infer<typeof experimentSchema>;
export type WorkloadSpec = z.infer<typeof workloadSchema>;
export type AgentSpec = z.infer<typeof agentSchema>;
