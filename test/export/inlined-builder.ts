import type { InlinedTrajectory } from "../../bench/export/inlined-trajectory.ts";
import type { EpisodeRecord, Trajectory } from "../../bench/store/record.ts";
import { trajectoryOf } from "../../bench/store/trajectory.ts";
import { buildAttempt, buildEpisode, plannedCell, transcript } from "../store/run-builder.ts";
import type { Recorded } from "./recorded-builder.ts";

const cell = plannedCell("gateway", 1);

/** An exported trajectory as a plain object. */
export function buildInlined(
  parts: {
    readonly record?: Partial<EpisodeRecord>;
    readonly messages?: Trajectory["messages"];
    readonly recorded?: Recorded | null;
    readonly system?: string;
  } = {},
): InlinedTrajectory {
  const record = buildEpisode(cell, 0, parts.record);
  const { trajectory } = trajectoryOf(record, buildAttempt());
  const { recorded = null } = parts;
  return {
    record,
    trajectory: { ...trajectory, messages: parts.messages ?? trajectory.messages },
    system: parts.system ?? transcript.system,
    tools: transcript.tools,
    groupId: "g0",
    recorded: recorded && { ...recorded, episodeId: record.episodeId, attemptKey: "a0" },
  };
}

type Message = Trajectory["messages"][number];
type Spoken = Extract<Message, { readonly usage: unknown }>;

export function said(role: Spoken["role"], content: string | null, more: Partial<Spoken> = {}): Spoken {
  return { role, content, toolCalls: null, requestId: null, usage: null, ...more };
}

export function toolResult(
  toolCallId: string,
  more: Partial<Extract<Message, { readonly role: "tool" }>> = {},
): Message {
  return {
    role: "tool",
    toolCallId,
    content: `result of ${toolCallId}`,
    error: false,
    requestor: "assistant",
    answeredBy: "tool-server",
    ...more,
  };
}
