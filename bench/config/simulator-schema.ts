import { z } from "zod";
import { faultSchema } from "./simulator-fault.ts";

/** The versions of SGLang that a simulated engine can behave as; `bench/simulator/settings/sglang.ts` says in what they differ. */
export const sglangVersions = ["0.5.10", "0.5.23"] as const;
export type SglangVersion = (typeof sglangVersions)[number];

/** What a simulated engine can be told, wherever an experiment has one. */
export const simulatorOptions = {
  seed: z.number().int().default(1).describe("Seed of the simulator's own draws"),
  errorRate: z
    .number()
    .min(0)
    .max(1)
    .default(0)
    .describe("Share of episodes in which the simulated agent makes a mistake"),
  faults: z.array(faultSchema).default([]).describe("Faults to inject, as in `tollgate simulate --fault`"),
  drop: z
    .array(z.string())
    .default([])
    .describe("Golden actions the simulated agent leaves out, as `taskId:actionId`"),
  maxRunningRequests: z
    .number()
    .int()
    .positive()
    .default(16)
    .describe("Requests decoded at once; the rest queue"),
  prefillTokensPerSecond: z
    .number()
    .positive()
    .default(40_000)
    .describe("Prefill rate for tokens that are not cached"),
  decodeStepMs: z
    .number()
    .positive()
    .default(4)
    .describe("Time of one decode step at batch size 1, in milliseconds"),
  decodeStepMsPerRequest: z
    .number()
    .min(0)
    .default(0.1)
    .describe("Added to a decode step for each further running request"),
  prefillStepMs: z
    .number()
    .min(0)
    .default(0)
    .describe("Time of one prefill step beside that of its tokens, in milliseconds"),
  hostStepMs: z
    .number()
    .min(0)
    .default(0)
    .describe(
      "Added to every step: what the engine's own processes need between two steps, without overlapped scheduling",
    ),
  hostStepMsPerRequest: z
    .number()
    .min(0)
    .default(0)
    .describe("The same for each request of the step, in milliseconds"),
  contextLength: z
    .number()
    .int()
    .positive()
    .default(131_072)
    .describe("Longest prompt plus output, in tokens"),
  // Neither has a default: a run that sets none of them has the ids that it had before there were these.
  correct: z
    .number()
    .min(0)
    .max(1)
    .optional()
    .describe(
      "Share of prompts that policy `knowledge` answers well; absent: what the workload says, else 1",
    ),
  truncatePrompt: z
    .number()
    .int()
    .positive()
    .optional()
    .describe("Tokens of a prompt that the engine keeps, its last ones; absent: all"),
  sglang: z.enum(sglangVersions).default("0.5.23").describe("Version of SGLang that it behaves as"),
  radixCache: z.boolean().default(true).describe("Keep a prefix cache between requests"),
};
export const simulatorSchema = z.strictObject(simulatorOptions).describe("A simulated SGLang engine");
export type SimulatorSpec = z.infer<typeof simulatorSchema>;
