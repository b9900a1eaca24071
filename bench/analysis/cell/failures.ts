import { z } from "zod";
import type { EpisodeRecord } from "../../store/record.ts";
import type { VerdictReason } from "./verdict.ts";

/** Episodes that ended badly in one way, with what the first of them said. */
export const failureGroupSchema = z.object({
  /** Class of the failed part, or `agent_error`: the agent gave up, which is judged like any other end. */
  class: z.string(),
  count: z.number().int(),
  /** What the first one said, cut where it is very long. */
  message: z.string(),
  episodeId: z.string(),
});
export type FailureGroup = z.infer<typeof failureGroupSchema>;

/** Its cause is often one for all, e.g. an answer that the agent cannot read. */
export const agentError = "agent_error";

/** By class, those of most episodes first; the first message is that of the episode which ended first. */
export function failureGroups(episodes: readonly EpisodeRecord[]): readonly FailureGroup[] {
  return groupsOf(
    episodes.flatMap(({ failure, episodeId }) => (failure === null ? [] : [{ ...failure, episodeId }])),
  );
}

/** Completed episodes whose agent gave up; none where nothing says why. */
export function agentErrors(episodes: readonly EpisodeRecord[]): readonly FailureGroup[] {
  return groupsOf(
    episodes.flatMap(({ termination, terminationDetail, episodeId }) =>
      termination === agentError && terminationDetail != null
        ? [{ class: agentError, message: terminationDetail, episodeId }]
        : [],
    ),
  );
}

function groupsOf(
  ends: readonly { readonly class: string; readonly message: string; readonly episodeId: string }[],
): readonly FailureGroup[] {
  return [...Map.groupBy(ends, (end) => end.class)]
    .flatMap(([name, members]) => {
      const [first] = members;
      if (first === undefined) return [];
      return [
        { class: name, count: members.length, message: shown(first.message), episodeId: first.episodeId },
      ];
    })
    .sort((a, b) => b.count - a.count);
}

export function isFailing({ reasons }: { readonly reasons: readonly VerdictReason[] }): boolean {
  return reasons.some(({ verdict }) => verdict === "failing");
}

/** A server may answer with a whole page; its first words say what it is. Control characters are for no terminal. */
const messageCharactersMax = 300;

function shown(message: string): string {
  const line = message.replaceAll(/[\s\p{Cc}]+/gu, " ").trim();
  return line.length <= messageCharactersMax ? line : `${line.slice(0, messageCharactersMax)}…`;
}

/**
 * Why a cell is `failing`; null when it is not. A share and nothing else, so that a small cell is judged like a large one: 1 of 3 or
 * 1 of 19 failed is too much at 5 %, 1 of 20 is not.
 */
export function whyFailing(
  finished: number,
  groups: readonly FailureGroup[],
  failedShareMax: number,
): string | null {
  const failed = groups.reduce((sum, { count }) => sum + count, 0);
  const [first] = groups;
  if (first === undefined || failed <= finished * failedShareMax) return null;
  const classes = groups.map(({ class: name, count }) => `${count} ${name}`).join(", ");
  const which = groups.length > 1 ? `first ${first.class}` : "first";
  const limit = `limits.failedShare ${Number((100 * failedShareMax).toFixed(2))} %`;
  return `${failed} of ${finished} episodes failed (${limit}): ${classes}, ${which}: ${first.message}`;
}
