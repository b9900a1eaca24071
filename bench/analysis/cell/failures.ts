import { z } from "zod";
import type { EpisodeRecord } from "../../store/record.ts";
import { causesOf, type Cause } from "./causes.ts";
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

/** By class, those of most episodes first. */
export function failureGroups(episodes: readonly EpisodeRecord[]): readonly FailureGroup[] {
  return failuresAmong(causesOf(episodes));
}

/** Of causes that were found already. */
export function failuresAmong(causes: readonly Cause[]): readonly FailureGroup[] {
  return groupsOf(causes.filter(({ failed }) => failed));
}

/** Completed episodes whose agent gave up; none where nothing says why. */
export function agentErrors(episodes: readonly EpisodeRecord[]): readonly FailureGroup[] {
  return groupsOf(causesOf(episodes).filter(({ failed, name }) => !failed && name === agentError));
}

function groupsOf(causes: readonly Cause[]): readonly FailureGroup[] {
  return causes
    .map(({ name, episodes, first }) => ({
      class: name,
      count: episodes,
      message: shown(first.message),
      episodeId: first.episodeId,
    }))
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
