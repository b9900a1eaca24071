import type { Experiment } from "../config/experiment.ts";
import { sectionOf, type Section, type Sections } from "../config/section.ts";
import type { SinkKind } from "../sink/sink.ts";
import type { Workload } from "../workload/workload.ts";

/**
 * Everything that can be added without a change elsewhere, one line each; docs/extending.md says how. The first of a list
 * is what an experiment file gets that names none.
 */
const workloads: readonly Workload[] = [(await import("../../openclaw-tau2/workload.ts")).openclawTau2];
const agents: readonly Section[] = [
  (await import("../agent/openclaw/section.ts")).openclawSection,
  (await import("../agent/native/section.ts")).nativeSection,
];
export const sinkKinds: readonly SinkKind[] = [(await import("../sink/jsonl/jsonl-sink.ts")).jsonlSink];

/** What an experiment file may hold. */
export const sections: Sections = { workloads: workloads.map(({ section }) => section), agents };

/** The workload that an experiment names. */
export function workloadOf({ workload }: Experiment): Workload {
  const section = sectionOf(sections.workloads, workload);
  const found = workloads.find((candidate) => candidate.section === section);
  if (found === undefined) throw new Error(`workload ${workload.kind} has a section and is not known`);
  return found;
}
