import type { Workload } from "../bench/workload/workload.ts";
import { planOf } from "./plan.ts";
import { PreparedTau2 } from "./prepared-tau2.ts";
import { tau2Section, type Tau2Section } from "./section.ts";

/** tau2's tasks: a simulated user talks to an agent with tools, and a database and what was said decide the reward. */
export const openclawTau2: Workload<Tau2Section> = {
  specificationVersion: "workload-v2",
  section: tau2Section,
  tools: "served",
  plan: async (experiment, context) => planOf(experiment, context),
  prepare: (experiment, context) => PreparedTau2.start(experiment, context),
};
