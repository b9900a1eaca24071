import type { Workload } from "../../bench/workload/workload.ts";
import { codeSection, type CodeSection } from "./contract/section.ts";
import { planOf } from "./plan.ts";
import { PreparedCode } from "./prepared-code.ts";

/** HumanEval and its like: the model is asked once a sample, and tests or rules judge what it says. */
export const code: Workload<CodeSection> = {
  specificationVersion: "workload-v2",
  section: codeSection,
  tools: "none",
  plan: async (experiment) => planOf(experiment),
  prepare: (experiment, context) => PreparedCode.start(experiment, context),
};
