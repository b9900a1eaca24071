/** Monotonic nanoseconds. */
export interface TimeSpan {
  readonly startedNs: number;
  readonly endedNs: number;
}

export interface EpisodeSpan extends TimeSpan {
  /** Requests of agent and user, as the first tap saw them. */
  readonly modelCalls: readonly TimeSpan[];
  /** Executions of tools in the tool server. */
  readonly toolCalls: readonly TimeSpan[];
}

/**
 * Milliseconds of an episode in which neither a model nor a tool worked for it, per model call; null without a call.
 * What overlaps counts once, and nothing outside the episode counts.
 */
export function harnessTime(episode: EpisodeSpan): number | null {
  const { modelCalls, toolCalls, startedNs, endedNs } = episode;
  if (modelCalls.length === 0) return null;
  const busy = [...modelCalls, ...toolCalls].sort((a, b) => a.startedNs - b.startedNs);
  let idleNs = 0;
  let busyUntilNs = startedNs;
  for (const span of busy) {
    idleNs += Math.max(0, Math.min(span.startedNs, endedNs) - busyUntilNs);
    busyUntilNs = Math.max(busyUntilNs, span.endedNs);
  }
  idleNs += Math.max(0, endedNs - busyUntilNs);
  return idleNs / 1e6 / modelCalls.length;
}
