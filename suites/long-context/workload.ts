import type { Workload } from "../../bench/workload/workload.ts";
import { planOf } from "./plan.ts";
import { PreparedPrompts } from "./prepared-prompts.ts";
import { longContextSection, type LongContextSection } from "./contract/section.ts";

/** Questions about long texts: whether the answer is right, and what the length of the prompt costs on the way to it. */
export const longContext: Workload<LongContextSection> = {
  specificationVersion: "workload-v2",
  section: longContextSection,
  tools: "none",
  plan: async (experiment) => planOf(experiment),
  prepare: (experiment, context) => PreparedPrompts.start(experiment, context),
};
