import type { Workload } from "../../bench/workload/workload.ts";
import { toolUseSection, type ToolUseSection } from "./contract/section.ts";
import { planOf } from "./plan.ts";
import { PreparedCases } from "./prepared-cases.ts";

/** Cases that are done by calling tools: was it done, and were the calls the right ones. */
export const toolUse: Workload<ToolUseSection> = {
  specificationVersion: "workload-v2",
  section: toolUseSection,
  tools: "calls",
  plan: async (experiment, context) => planOf(experiment, context),
  prepare: (experiment, context) => PreparedCases.start(experiment, context),
};
