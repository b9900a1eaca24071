import { join } from "node:path";
import { z } from "zod";
import { joinHops, type JoinMethod } from "../../evidence/hop-join.ts";
import { tapTimingSchema, type TapTiming } from "../../evidence/tap-timing.ts";
import type { Span } from "../../evidence/episode-stamps.ts";
import type { StoreWarning } from "../../store/read-run.ts";
import { isGenerationRequest } from "../../workload/exchange.ts";
import { readChosenLines } from "./chosen-lines.ts";

/** One request of an attempt as the taps saw it: of the agent, or of the simulated user. */
export interface SeenRequest {
  readonly side: "agent" | "user";
  readonly outer: TappedExchange;
  /** What reached the engine for it, in order of start; empty where that was not seen. */
  readonly inner: readonly TappedExchange[];
  /** How it is known that they belong together; null without one. */
  readonly method: JoinMethod | null;
}

export interface TappedExchange extends TapTiming {
  /** Longest time without a chunk between the first token and the last; null where fewer than two chunks came in it. */
  readonly longestPauseNs: number | null;
  /** Of the exchanges with its hop and id in the segment, which one it is, from 0: an id may occur twice. */
  readonly occurrence: number;
}

const seenSchema: z.ZodType<TappedExchange> = z
  .looseObject({ chunks: z.array(z.tuple([z.number(), z.number()])).default([]) })
  .transform((line, context): TappedExchange => {
    const timing = tapTimingSchema.safeParse(line);
    if (timing.success)
      return { ...timing.data, longestPauseNs: longestPause(timing.data, line.chunks), occurrence: 0 };
    context.addIssue({ code: "custom", message: z.prettifyError(timing.error) });
    return z.NEVER;
  });

function longestPause(
  { startedNs, firstTokenNs, lastTokenNs }: TapTiming,
  chunks: readonly (readonly [afterNs: number, bytes: number])[],
): number | null {
  if (firstTokenNs === null || lastTokenNs === null) return null;
  const moments = chunks
    .map(([afterNs]) => startedNs + afterNs)
    .filter((atNs) => atNs >= firstTokenNs && atNs <= lastTokenNs);
  const pauses = moments.slice(1).map((atNs, index) => atNs - (moments[index] ?? atNs));
  return pauses.length === 0 ? null : pauses.reduce((longest, pause) => Math.max(longest, pause), 0);
}

/** An attempt whose requests are looked for. */
export interface Attempt extends Span {
  readonly segmentDirectory: string;
  readonly attemptKey: string;
  /** That its record counts, of the agent and of the user. */
  readonly requests: number;
}

/** The requests of one attempt in order of start; none where the segment has no `taps.ndjson`. */
export async function readRequests(
  attempt: Attempt,
  warnings: StoreWarning[],
): Promise<readonly SeenRequest[]> {
  const { segmentDirectory, attemptKey, startedNs, endedNs } = attempt;
  const path = join(segmentDirectory, "taps.ndjson");
  let nameless = false;
  const lines = await readChosenLines(path, seenSchema, {
    warnings,
    near: { span: { startedNs, endedNs }, least: attempt.requests },
    choose: (bytes) => {
      // A gateway that passes no identity on: which of these are this attempt's is found out below.
      nameless ||= bytes.includes('"hop":"inner"') && bytes.includes('"attemptKey":null');
      return bytes.includes(attemptKey);
    },
  });
  const own = numbered(lines.filter((line) => line.attemptKey === attemptKey));
  const inner = Map.groupBy(
    own.filter(({ hop }) => hop === "inner"),
    ({ requestId }) => requestId,
  );
  const requests = own
    .filter(({ hop }) => hop !== "inner")
    .sort((a, b) => a.startedNs - b.startedNs)
    .map((outer): SeenRequest => {
      const reached = outer.hop === "outer" ? (inner.get(outer.requestId) ?? []) : [];
      return {
        side: outer.hop === "user" ? "user" : "agent",
        outer,
        inner: reached.toSorted((a, b) => a.startedNs - b.startedNs),
        method: reached.length === 0 ? null : "request-id",
      };
    });
  const open = requests.some(
    ({ side, inner, outer }) => side === "agent" && inner.length === 0 && isGenerationRequest(outer),
  );
  const others = open && (nameless || own.some(({ hop }) => hop === "inner"));
  return others ? await joinedByTime(requests, attempt) : requests;
}

function numbered(exchanges: readonly TappedExchange[]): readonly TappedExchange[] {
  const counts = new Map<string, number>();
  return exchanges.map((exchange) => {
    const key = `${exchange.hop} ${exchange.requestId}`;
    const occurrence = counts.get(key) ?? 0;
    counts.set(key, occurrence + 1);
    return { ...exchange, occurrence };
  });
}

/** Longer than any request takes: whatever may have been open beside those of the episode ended within it. */
const aroundNs = 20 * 60e9;

/** Where an id does not say it, all requests of that time have to be known: only one pairing may be possible. */
async function joinedByTime(
  requests: readonly SeenRequest[],
  { segmentDirectory, startedNs, endedNs }: Attempt,
): Promise<readonly SeenRequest[]> {
  const span = { startedNs: startedNs - aroundNs, endedNs: endedNs + aroundNs };
  const timings = await readChosenLines(join(segmentDirectory, "taps.ndjson"), tapTimingSchema, {
    choose: (bytes) => !bytes.includes('"hop":"user"'),
    warnings: [],
    near: { span, least: requests.length },
  });
  const pairs = new Map(joinHops(timings).pairs.map((pair) => [keyOf(pair.outer), pair] as const));
  return requests.map((request) => {
    const pair = request.inner.length > 0 ? undefined : pairs.get(keyOf(request.outer));
    if (pair === undefined) return request;
    return {
      ...request,
      inner: [{ ...pair.inner, longestPauseNs: null, occurrence: 0 }],
      method: pair.method,
    };
  });
}

const keyOf = ({ requestId, startedNs }: TapTiming) => `${requestId} ${startedNs}`;
