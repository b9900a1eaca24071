import { z } from "zod";
import type { Experiment } from "../../../bench/config/experiment.ts";
import {
  limitSetting,
  smokeSetting,
  seedSetting,
  simulatedSetting,
  trialsSetting,
  type Section,
} from "../../../bench/config/section.ts";

const list = (what: string) =>
  z
    .union([z.string().transform((one) => [one]), z.array(z.string()).min(1)])
    .optional()
    .describe(what);

const schema = z.strictObject({
  kind: z.literal("tool-use").describe("Cases that are done by calling tools, which are really executed"),
  cases: z
    .string()
    .optional()
    .describe("File of cases, .json or .jsonl; default: our 50. Its form is in docs/tool-use.md"),
  knowledge: z
    .string()
    .optional()
    .describe("What a simulated engine says to the cases of `cases`, a line of {key, good, bad} each"),
  category: list("Only cases of these categories"),
  limit: limitSetting,
  smoke: smokeSetting,
  trials: trialsSetting,
  seed: seedSetting,
  simulated: simulatedSetting,
});

export type ToolUseSection = z.infer<typeof schema>;
export type ToolUseExperiment = Experiment<ToolUseSection>;

/** This workload's part of an experiment file. */
export const toolUseSection = {
  kind: "tool-use",
  schema,
  paths: { cases: null, knowledge: null },
  choices: ["category", "limit", "smoke", "trials"],
} satisfies Section;
