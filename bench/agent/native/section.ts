import { z } from "zod";
import type { Section } from "../../config/section.ts";
import { openclawSection } from "../openclaw/section.ts";

/** The keys besides `kind` mean nothing here. They stay, because files set them and the ids of stored runs hold them. */
const schema = openclawSection.schema.extend({
  kind: z.literal("native").describe("A bare loop of model and tools in this process, as tau2's own agent"),
});

export type NativeSection = z.infer<typeof schema>;

export const nativeSection = { kind: "native", schema, choices: ["gateways"] } satisfies Section;
