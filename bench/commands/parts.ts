import type { Agent } from "../agent/agent.ts";
import type { Experiment } from "../config/experiment.ts";
import type { Section, Sections } from "../config/section.ts";
import type { SinkKind } from "../sink/sink.ts";
import { clawbenchFigures } from "../../suites/tasks/export/mlflow-figures.ts";
import { workOf, type Work } from "../workload/work.ts";
import type { Workload } from "../workload/workload.ts";

/**
 * Everything that can be added without a change elsewhere, one line each; docs/extending.md says how. The first of a list
 * is what an experiment file gets that names none.
 */
const workloads: readonly Workload[] = [
  // The default.
  (await import("../../openclaw-tau2/workload.ts")).openclawTau2,
  (await import("../../suites/tasks/workload.ts")).tasks,
  (await import("../../suites/code/workload.ts")).code,
  (await import("../../suites/long-context/workload.ts")).longContext,
  (await import("../../suites/tool-use/workload.ts")).toolUse,
  (await import("../../suites/echo/workload.ts")).echo,
];
const agents: readonly Agent[] = [
  // The default.
  (await import("../agent/openclaw/agent.ts")).openclaw,
  (await import("../agent/native/agent.ts")).native,
  (await import("../agent/chat/agent.ts")).chat,
];
export const sinkKinds: readonly SinkKind[] = [
  // An experiment names its sinks; there is no default.
  (await import("../sink/jsonl/jsonl-sink.ts")).jsonlSink,
  (await import("../sink/otlp/otlp-sink.ts")).otlpSink,
  (await import("../sink/mlflow/mlflow-sink.ts")).mlflowSink(clawbenchFigures),
  (await import("../../suites/echo/sink.ts")).tally,
];

const sectionsOf = (parts: readonly { readonly section: Section }[]) => parts.map(({ section }) => section);

/** What an experiment file may hold. */
export const sections: Sections = {
  workloads: sectionsOf(workloads),
  agents: sectionsOf(agents),
  sinks: sectionsOf(sinkKinds),
};

/** The workload and the agent that an experiment names. */
export function workIn({ workload, agent }: Experiment): Work {
  return workOf(named(workloads, workload), named(agents, agent));
}

function named<Part extends { readonly section: Section }>(
  parts: readonly Part[],
  { kind }: { readonly kind: string },
): Part {
  const found = parts.find(({ section }) => section.kind === kind);
  if (found === undefined) throw new Error(`kind ${kind} passed the schema and is not known`);
  return found;
}
