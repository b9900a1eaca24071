import { z } from "zod";
import type { Experiment } from "../../../bench/config/experiment.ts";
import { trialsSetting, type Section } from "../../../bench/config/section.ts";

const judge = z
  .strictObject({
    url: z
      .url({
        protocol: /^https?$/,
        error: "write the server's address as http://HOST:PORT or https://HOST",
      })
      .describe("Base URL of an OpenAI-compatible server, with or without /v1"),
    model: z.string().describe("Model to ask"),
    apiKeyEnv: z.string().optional().describe("Environment variable that holds the API key"),
    affectsScore: z
      .boolean()
      .default(false)
      .describe(
        "Whether ClawBench's score takes the judge in (a tenth, where all checks passed); else its judge is advice beside it",
      ),
  })
  .optional()
  .describe(
    "Endpoint for what rules cannot score; without it those parts of a score are missing, and the others count",
  );

/** One or several; a single one need not be a list. */
const names = (what: string) =>
  z
    .union([z.string().transform((one) => [one]), z.array(z.string()).min(1)])
    .optional()
    .describe(what);

const schema = z.strictObject({
  kind: z.literal("tasks").describe("Tasks in a workspace: files and commands, scored by rules"),
  folder: z
    .string()
    .optional()
    .describe("Folder of tasks: a copy of AgentBench's skill, of ClawBench, or of your own; default: ours"),
  format: z
    .enum(["auto", "agentbench", "clawbench"])
    .default("auto")
    .describe("How the folder is laid out; auto: as it looks (ours: agentbench)"),
  fast: z.boolean().default(false).describe("Only easy and medium tasks (AgentBench)"),
  suite: names("Only these suites (AgentBench) or families (ClawBench)"),
  task: names("Only the tasks with these ids"),
  tier: z
    .union([
      z
        .number()
        .int()
        .transform((one) => [one]),
      z.array(z.number().int()).min(1),
    ])
    .optional()
    .describe("Only tasks of these tiers (ClawBench)"),
  trials: trialsSetting,
  seed: z
    .number()
    .int()
    .min(0)
    .default(300)
    .describe("Seed of the first trial; each further one has the next"),
  strict: z
    .boolean()
    .default(false)
    .describe(
      "Refuse whatever would make scores doubtful: a judge that is the model under test, missing programs",
    ),
  keepWorkspace: z
    .boolean()
    .default(false)
    .describe("Keep a copy of each attempt's workspace in the run directory, as it was when it was scored"),
  setupSeconds: z.number().positive().default(60).describe("Longest time of a task's setup.sh, in seconds"),
  script: z
    .union([z.string(), z.record(z.string(), z.string())])
    .default("good")
    .describe(
      'What the simulated agent plays: a name, or a name by task id ("*": all others); ours have good, sloppy and malicious',
    ),
  judge,
});

export type TasksSection = z.infer<typeof schema>;
export type TasksExperiment = Experiment<TasksSection>;

/** This workload's part of an experiment file. */
export const tasksSection = {
  kind: "tasks",
  schema,
  paths: { folder: null },
  choices: ["fast", "suite", "task", "tier", "trials", "strict", "keepWorkspace", "setupSeconds"],
} satisfies Section;
