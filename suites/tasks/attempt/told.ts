import type { TranscriptMessage } from "../../../bench/transcript/transcript.ts";
import type { Exchange } from "../../../bench/workload/exchange.ts";
import type { ObservedCall, ObservedTurn, TaskFinding } from "../contract/observation.ts";

/** What a conversation has gathered so far. */
export interface Told {
  readonly turns: ObservedTurn[];
  readonly calls: ObservedCall[];
  readonly findings: TaskFinding[];
  readonly messages: TranscriptMessage[];
  readonly exchanges: Exchange[];
  readonly labels: Set<string>;
  /** What the workload has told the agent that it is, and may use. */
  opening: { readonly system: string; readonly tools: string };
}

export function emptyTold(labels: readonly string[]): Told {
  return {
    turns: [],
    calls: [],
    findings: [],
    messages: [],
    exchanges: [],
    labels: new Set(labels),
    opening: { system: "", tools: "[]" },
  };
}
