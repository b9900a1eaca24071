import { z } from "zod";
import { baseUrl, pageUrl } from "./base-url.ts";
import { dockerStackSchema } from "./docker-schema.ts";
import { processStackSchema } from "./process-schema.ts";
import { simulatorSchema } from "./simulator-schema.ts";

/** `stack:` of an experiment: which servers are under test and who starts them. */
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
  metricsUrl: pageUrl().optional().describe("Address of the Prometheus page; default URL/metrics"),
});
const attachStack = z.strictObject({
  kind: z.literal("attach"),
  agent: attachedEngine,
  user: attachedEngine,
});

export const stackSchema = z.discriminatedUnion("kind", [
  embeddedStack,
  attachStack,
  dockerStackSchema,
  processStackSchema,
]);
export type StackSpec = z.infer<typeof stackSchema>;
