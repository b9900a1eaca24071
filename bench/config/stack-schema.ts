import { z } from "zod";
import { baseUrl } from "./base-url.ts";
import { dockerStackSchema } from "./docker-schema.ts";
import { faultSchema } from "./simulator-fault.ts";

/** `stack:` of an experiment: which servers are under test and who starts them. */
const simulatorOptions = {
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
  contextLength: z
    .number()
    .int()
    .positive()
    .default(131_072)
    .describe("Longest prompt plus output, in tokens"),
  radixCache: z.boolean().default(true).describe("Keep a prefix cache between requests"),
};
export const simulatorSchema = z.strictObject(simulatorOptions).describe("A simulated SGLang engine");

const embeddedStack = z.strictObject({
  kind: z.literal("embedded"),
  model: z.string().default("tollgate-sim").describe("Name the simulated engines serve"),
  agent: simulatorSchema.prefault({}),
  user: simulatorSchema.prefault({}),
});

const attachedEngine = z.strictObject({
  url: baseUrl().describe("Base URL of the server, with or without /v1"),
  model: z.string().optional().describe("Served model name; asked from /v1/models when absent"),
  apiKeyEnv: z.string().optional().describe("Environment variable that holds the API key"),
  metricsUrl: z.url().optional().describe("Address of the Prometheus page; default URL/metrics"),
});
const attachStack = z.strictObject({
  kind: z.literal("attach"),
  agent: attachedEngine,
  user: attachedEngine,
});

export const stackSchema = z.discriminatedUnion("kind", [embeddedStack, attachStack, dockerStackSchema]);
export type StackSpec = z.infer<typeof stackSchema>;
export type SimulatorSpec = z.infer<typeof simulatorSchema>;
