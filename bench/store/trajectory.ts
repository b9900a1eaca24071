import { createHash } from "node:crypto";
import type { Transcript } from "../transcript/transcript.ts";
import type { RecordedEpisode } from "../workload/recorded-episode.ts";
import type { EpisodeRecord, Trajectory } from "./record.ts";

/** What an attempt leaves behind besides its record. */
export interface AttemptEvidence {
  readonly attemptKey: string;
  readonly facts: { readonly transcript: Transcript; readonly rewardInfo: unknown };
  /** What a recording gateway kept of its model calls; null where none did. */
  readonly recorded: Omit<RecordedEpisode, "episodeId" | "attemptKey"> | null;
}

/** The trajectory line of an episode, and the texts it refers to by their sha256. */
export function trajectoryOf(record: EpisodeRecord, attempt: AttemptEvidence): TrajectoryWithTexts {
  const { transcript, rewardInfo } = attempt.facts;
  const system = hashed(transcript.system);
  const tools = hashed(transcript.tools);
  return {
    texts: [system, tools],
    trajectory: {
      v: 1,
      episodeId: record.episodeId,
      cellId: record.cellId,
      segmentId: record.segmentId,
      attemptKey: attempt.attemptKey,
      arm: record.arm,
      domain: record.domain,
      taskId: record.taskId,
      trial: record.trial,
      seed: record.seed,
      agent: record.agent,
      simulated: record.simulated,
      status: record.status,
      termination: record.termination,
      reward: record.reward,
      rewardInfo,
      labels: record.labels,
      systemSha256: system.sha256,
      toolsSha256: tools.sha256,
      messages: transcript.messages.map((message) =>
        message.role === "tool"
          ? { ...message }
          : { ...message, toolCalls: message.toolCalls === null ? null : [...message.toolCalls] },
      ),
    },
  };
}

export interface TrajectoryWithTexts {
  readonly trajectory: Trajectory;
  readonly texts: readonly StoredText[];
}

export interface StoredText {
  readonly sha256: string;
  readonly text: string;
}

function hashed(text: string): StoredText {
  return { sha256: createHash("sha256").update(text).digest("hex"), text };
}
