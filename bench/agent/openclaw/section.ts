import { z } from "zod";
import type { Section } from "../../config/section.ts";

const schema = z.strictObject({
  kind: z.literal("openclaw").describe("The real agent"),
  prompt: z
    .enum(["exact", "stock"])
    .default("exact")
    .describe(
      "exact: the model sees what the workload would send, byte for byte; stock: OpenClaw as it ships, always so in a workspace",
    ),
  gateways: z
    .union([z.literal("auto"), z.number().int().positive()])
    .default("auto")
    .describe("OpenClaw gateway processes; auto = clamp(ceil(C/12), 1, floor(cores/2))"),
  // Optional without defaults: ids of runs from before these keys stay what they were.
  attach: z
    .url({ protocol: /^wss?$/, error: "write the address of a gateway, e.g. ws://127.0.0.1:18789" })
    .optional()
    .describe(
      "Address of an OpenClaw gateway that is not ours (ws:// or wss://): no gateway is started, tasks are done by that one",
    ),
  tokenEnv: z
    .string()
    .min(1)
    .optional()
    .describe("With attach: environment variable that holds the gateway's token; OPENCLAW_GATEWAY_TOKEN"),
  workspaces: z
    .string()
    .min(1)
    .optional()
    .describe(
      "With attach, required: folder in which the tasks' workspaces are made; the gateway must see it under the same path",
    ),
  deviceFile: z
    .string()
    .min(1)
    .optional()
    .describe(
      "With attach: file of the device key that the gateway was told to accept; made where it is missing (absent: a key for this run)",
    ),
  relayPort: z
    .number()
    .int()
    .min(1)
    .max(65_535)
    .optional()
    .describe(
      "With attach: port for the gateway's model requests, for a gateway whose configuration names it already; any free one",
    ),
  relayHost: z
    .string()
    .min(1)
    .optional()
    .describe(
      "With attach: address of this machine as the gateway reaches it, for its model requests; 127.0.0.1",
    ),
});

export type OpenClawSection = z.infer<typeof schema>;

export const openclawSection = {
  kind: "openclaw",
  schema,
  choices: ["gateways", "attach", "tokenEnv", "relayHost", "relayPort"],
  paths: { workspaces: null, deviceFile: null },
} satisfies Section;
