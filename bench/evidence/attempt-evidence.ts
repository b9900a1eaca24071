import type { StoreWarning } from "../store/read-run.ts";
import { isGenerationRequest } from "../workload/exchange.ts";
import { readToolTimes, type ToolTime } from "./episode-stamps.ts";
import { readTapTimings, type TapTiming } from "./tap-timing.ts";

/** What taps and tool server saw of one attempt. */
export interface SeenOfAttempt {
  /** Its exchanges. Those of all attempts of the segment where it takes them all to know whose one is. */
  readonly timings: readonly TapTiming[];
  readonly tools: readonly ToolTime[];
}

const nobodys = Buffer.from('"attemptKey":null');

/**
 * Reads the evidence of one attempt out of a segment of thousands: lines that do not name it are passed over unread. Where the gateway
 * passes no identity on, the engine's side of a request is found by what ran beside it, and all exchanges are read.
 * @throws {RunUnreadableError} on a damaged line
 */
export async function readAttempt(
  segmentDirectory: string,
  attemptKey: string,
  warnings: StoreWarning[],
): Promise<SeenOfAttempt> {
  const key = Buffer.from(attemptKey);
  const tools = await readToolTimes(segmentDirectory, warnings, (line) => line.includes(key));
  const seen = await readTapTimings(
    segmentDirectory,
    warnings,
    (line) => line.includes(key) || line.includes(nobodys),
  );
  const unnamed = seen.some(
    (timing) => timing.hop === "inner" && timing.attemptKey === null && isGenerationRequest(timing),
  );
  return { timings: unnamed ? await readTapTimings(segmentDirectory, []) : seen, tools };
}
