import { z } from "zod";

/** `arms:` of an experiment: the ways to reach the agent engine. */
const rawArm = z.strictObject({ name: z.string().default("raw"), kind: z.literal("raw") });
const gatewayArm = z.strictObject({
  name: z.string().default("gateway"),
  kind: z.literal("gateway"),
});
const urlArm = z.strictObject({
  name: z.string(),
  kind: z.literal("url"),
  url: z
    .url()
    .describe("Base URL of an OpenAI-compatible gateway, without /v1; it must forward to the agent engine"),
  apiKeyEnv: z.string().optional().describe("Environment variable that holds the gateway's API key"),
});
export const armSchema = z.discriminatedUnion("kind", [rawArm, gatewayArm, urlArm]);

export type ArmSpec = z.infer<typeof armSchema>;
