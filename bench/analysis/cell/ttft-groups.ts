import { z } from "zod";
import { isAnswered, type TapTiming } from "../../evidence/tap-timing.ts";
import { tapLatencies } from "../../evidence/request-latencies.ts";
import { isGenerationRequest } from "../../workload/exchange.ts";
import { summarize } from "../../statistics/distribution.ts";
import { clusterIntervals, type ClusteredValue } from "../estimates/cluster-interval.ts";
import { estimateSchema } from "../estimates/estimate.ts";

/** Time to first token of a part of a cell's requests, milliseconds. */
const ttftGroupSchema = z.object({
  /** First and last number that belongs to it; `to` is null where there is no last one. */
  from: z.number().int(),
  to: z.number().int().nullable(),
  /** With its interval over episodes. */
  p50: estimateSchema,
  p95: z.number().nullable(),
});
export type TtftGroup = z.infer<typeof ttftGroupSchema>;

/** What of time to first token a mean over all requests hides. Groups without a request are left out. */
export const ttftGroupsSchema = z.object({
  /** By the place of the request among those of its episode: the k-th time that the agent asks the model. */
  byTurn: z.array(ttftGroupSchema),
  /** By prompt tokens, as the answer's usage tells them; who does not tell is in none. */
  byPromptTokens: z.array(ttftGroupSchema),
});
export type TtftGroups = z.infer<typeof ttftGroupsSchema>;

type Range = Pick<TtftGroup, "from" | "to">;

/** Ranges that double: an agent's conversations differ in length by a factor, not by a number. */
const turns: readonly Range[] = [
  { from: 1, to: 1 },
  { from: 2, to: 2 },
  { from: 3, to: 4 },
  { from: 5, to: 8 },
  { from: 9, to: 16 },
  { from: 17, to: 32 },
  { from: 33, to: null },
];
const promptTokens: readonly Range[] = [
  { from: 0, to: 999 },
  { from: 1_000, to: 1_999 },
  { from: 2_000, to: 3_999 },
  { from: 4_000, to: 7_999 },
  { from: 8_000, to: 15_999 },
  { from: 16_000, to: 31_999 },
  { from: 32_000, to: 63_999 },
  { from: 64_000, to: null },
];

/** Over the answered, streamed generations at the outer tap; any order. null where none has a first token. Pure. */
export function ttftGroups(timings: readonly TapTiming[]): TtftGroups | null {
  const asked = timings.filter((timing) => timing.hop === "outer" && isGenerationRequest(timing));
  const byAttempt = Map.groupBy(asked, clusterOf);
  const placed = [...byAttempt.values()].flatMap((requests) =>
    requests
      .toSorted((a, b) => a.startedNs - b.startedNs)
      .flatMap((timing, index) => {
        const value = isAnswered(timing) ? tapLatencies.ttft(timing) : null;
        const tokens = timing.usage?.promptTokens ?? null;
        return value === null ? [] : [{ value, cluster: clusterOf(timing), turn: index + 1, tokens }];
      }),
  );
  if (placed.length === 0) return null;
  return {
    byTurn: groupsOf(turns, placed, ({ turn }) => turn),
    byPromptTokens: groupsOf(promptTokens, placed, ({ tokens }) => tokens),
  };
}

function clusterOf({ attemptKey, requestId }: TapTiming): string {
  return attemptKey ?? requestId;
}

function groupsOf<Placed extends ClusteredValue>(
  ranges: readonly Range[],
  placed: readonly Placed[],
  of: (request: Placed) => number | null,
): TtftGroup[] {
  return ranges.flatMap(({ from, to }) => {
    const members = placed.filter((request) => {
      const number = of(request);
      return number !== null && number >= from && (to === null || number <= to);
    });
    if (members.length === 0) return [];
    const { count, p50, p95 } = summarize(members.map(({ value }) => value));
    const limits = p50 === null ? null : clusterIntervals(members)?.p50;
    return [
      { from, to, p50: { value: p50, count, low: limits?.low ?? null, high: limits?.high ?? null }, p95 },
    ];
  });
}
