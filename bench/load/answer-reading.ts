import { readGeneration } from "../tap/generation-reading.ts";
import type { LoadOutcome, LoadPlan, LoadSample } from "./load.ts";
import { outputSha256 } from "./output-hash.ts";
import type { RawAnswer } from "./request-watch.ts";

/** What is known of a request before its answer is read. */
export type AskedRequest = Pick<LoadSample, "id" | "session" | "index" | "intendedNs" | "requestBytes">;

const doneMark = Buffer.from("[DONE]");
/** The mark is the last thing in a stream. */
const doneTailBytes = 64;

/** Reads the answer of a request that is over. */
export function readAnswer(asked: AskedRequest, raw: RawAnswer, keep: LoadPlan["keep"]): LoadSample {
  const body = raw.chunks.length === 1 && raw.chunks[0] ? raw.chunks[0] : Buffer.concat(raw.chunks);
  const streamed = raw.contentType.toLowerCase().includes("text/event-stream");
  const reading = readGeneration(body, streamed);
  const chunkEnds = endsOf(raw.chunks);
  const chunkOf = (endByte: number | null) =>
    endByte === null ? -1 : chunkEnds.findIndex((end) => end >= endByte);
  const first = chunkOf(reading.firstTokenEndByte);
  const last = chunkOf(reading.lastTokenEndByte);
  const { sentNs, firstByteNs, endedNs, status } = raw;
  return {
    ...asked,
    sentNs,
    firstByteNs,
    firstTokenNs: raw.chunkNs[first] ?? null,
    lastTokenNs: raw.chunkNs[last] ?? null,
    endedNs,
    status,
    ...endOf(raw, streamed && reading.finishReason === null && !isDone(body)),
    streamed,
    responseBytes: body.length,
    tokenChunks: first === -1 ? 0 : Math.max(0, last - first),
    usage: reading.usage,
    finishReason: reading.finishReason,
    outputSha256: keep.output && raw.outcome === "completed" ? outputSha256(body, streamed) : null,
    chunks: keep.chunks
      ? raw.chunks.map(({ length }, at) => [(raw.chunkNs[at] ?? endedNs) - (sentNs ?? endedNs), length])
      : null,
  };
}

/** HTTP framing may say that all is well about a stream whose sender stopped in the middle. */
function endOf(raw: RawAnswer, unfinished: boolean): { outcome: LoadOutcome; error: string | null } {
  if (raw.outcome !== "completed" || !unfinished) return { outcome: raw.outcome, error: raw.error };
  return { outcome: "truncated", error: "the stream ended without [DONE] and without a finish reason" };
}

function isDone(body: Buffer): boolean {
  return body.subarray(-doneTailBytes).includes(doneMark);
}

/** Offset behind each chunk. */
function endsOf(chunks: readonly Buffer[]): readonly number[] {
  let end = 0;
  return chunks.map(({ length }) => (end += length));
}
