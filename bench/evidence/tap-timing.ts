import { join } from "node:path";
import { z } from "zod";
import { eachJsonLine, type JsonLinesFile, type StoreWarning } from "../store/read-run.ts";
import type { ExchangeTiming } from "../workload/exchange.ts";

/** A line of `taps.ndjson` without the stamps of single chunks, which reports do not need. */
export type TapTiming = Omit<ExchangeTiming, "chunks">;

export const tapTimingSchema: z.ZodType<TapTiming> = z.object({
  v: z.literal(1),
  hop: z.enum(["outer", "inner", "user"]),
  arm: z.string(),
  requestId: z.string(),
  episodeId: z.string().nullable(),
  attemptKey: z.string().nullable(),
  method: z.string(),
  path: z.string(),
  status: z.number().int().nullable(),
  outcome: z.enum(["completed", "client-aborted", "upstream-failed", "upstream-truncated"]),
  error: z.string().nullable(),
  streamed: z.boolean(),
  requestBytes: z.number(),
  responseBytes: z.number(),
  startedNs: z.number(),
  requestEndNs: z.number(),
  sentAgain: z.object({ atNs: z.number(), error: z.string() }).optional(),
  firstByteNs: z.number().nullable(),
  firstTokenNs: z.number().nullable(),
  lastTokenNs: z.number().nullable(),
  endedNs: z.number(),
  usage: z
    .object({
      promptTokens: z.number(),
      completionTokens: z.number(),
      cachedTokens: z.number().nullable(),
    })
    .nullable(),
  impossibleUsage: z.string().optional(),
  tokenChunks: z.number().int().optional(),
  finishReason: z.string().nullable(),
  incomplete: z.string().nullable().optional(),
  unreadable: z.object({ count: z.number().int(), first: z.string().nullable() }).optional(),
});

/** The exchanges of a segment; none when it has no `taps.ndjson`. Throws RunUnreadableError on a damaged line. */
export async function readTapTimings(
  segmentDirectory: string,
  warnings: StoreWarning[],
  wanted?: (line: Buffer) => boolean,
): Promise<readonly TapTiming[]> {
  const timings: TapTiming[] = [];
  const file = tapsFile(segmentDirectory);
  await eachJsonLine({ ...file, ...(wanted && { wanted }) }, warnings, (timing) => timings.push(timing));
  return timings;
}

/** Its exchanges, one at a time. */
export function tapsFile(segmentDirectory: string): JsonLinesFile<TapTiming> {
  return { path: join(segmentDirectory, "taps.ndjson"), schema: tapTimingSchema, part: withoutChunks };
}

const chunksBegin = Buffer.from(',"chunks":[');
const chunksEnd = Buffer.from("]]");
const noDigits = [0x22, 0x5c, 0x7b];

/**
 * A line without the stamps of its chunks, which are most of it. A quotation mark within a text has a backslash before it, so what is looked
 * for cannot be a part of one; where the stamps are anything but numbers in brackets, the line stays whole.
 */
function withoutChunks(line: Buffer): Buffer {
  const begin = line.indexOf(chunksBegin);
  const from = begin + chunksBegin.length;
  const end = begin === -1 ? -1 : line.indexOf(chunksEnd, from);
  if (end === -1) return line;
  const between = line.subarray(from, end);
  if (noDigits.some((byte) => between.includes(byte))) return line;
  return Buffer.concat([line.subarray(0, from), line.subarray(end + 1)]);
}

/** An answer that arrived whole and is complete; only these have latencies. */
export function isAnswered(timing: TapTiming): boolean {
  return arrivedWhole(timing) && (timing.incomplete ?? null) === null;
}

/** As HTTP sees it. What arrived may be an error inside a 200, or a generation that the engine gave up. */
export function arrivedWhole({ outcome, status }: Pick<TapTiming, "outcome" | "status">): boolean {
  return outcome === "completed" && status === 200;
}
