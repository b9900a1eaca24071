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
});

export type OpenClawSection = z.infer<typeof schema>;

export const openclawSection = { kind: "openclaw", schema, choices: ["gateways"] } satisfies Section;
