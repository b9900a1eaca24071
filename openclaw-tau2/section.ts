import { z } from "zod";
import type { Experiment } from "../bench/config/experiment.ts";
import { pathSetting } from "../bench/config/path-setting.ts";
import { trialsSetting, type Section } from "../bench/config/section.ts";

const schema = z.strictObject({
  kind: z.literal("tau2").describe("Tasks of tau2-bench"),
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
  trials: trialsSetting,
  maxSteps: z.number().int().positive().default(200).describe("tau2's step limit; a tool round counts 2"),
  maxErrors: z.number().int().positive().default(10).describe("tau2's limit of failed tool calls"),
  seed: z.number().int().default(300).describe("Base seed; trial seeds are drawn from it as tau2 does"),
  pythonVersion: z.string().default("3.12").describe("Python whose error texts the tools reproduce"),
  pydanticVersion: z.string().default("2.12").describe("pydantic whose error texts the tools reproduce"),
  python: pathSetting("program")
    .optional()
    .describe("Interpreter for banking_knowledge, with tau2's packages installed; default python3"),
  retrieval: z
    .enum(["no_knowledge", "full_kb", "golden_retrieval"])
    .optional()
    .describe("How banking_knowledge's agent gets at the documents; default no_knowledge"),
  judge: z
    .strictObject({
      url: z
        .url({
          protocol: /^https?$/,
          error: "write the server's address as http://HOST:PORT or https://HOST",
        })
        .describe("Base URL of an OpenAI-compatible server, with or without /v1"),
      model: z.string().describe("Model to ask"),
      apiKeyEnv: z.string().optional().describe("Environment variable that holds the API key"),
    })
    .optional()
    .describe(
      "Endpoint for natural-language assertions (`tollgate judge`); without it such tasks stay unjudged",
    ),
});

export type Tau2Section = z.infer<typeof schema>;
export type Tau2Experiment = Experiment<Tau2Section>;

/** tau2's part of an experiment file. */
export const tau2Section = {
  kind: "tau2",
  schema,
  paths: { data: "TAU2_DATA_DIR", schemas: null, checkout: "TAU2_CHECKOUT" },
  choices: ["tasks", "trials", "judge"],
} satisfies Section;
