import { createHash } from "node:crypto";
import type { Answer } from "../answer/answer.ts";
import { readAnswer } from "../answer/read-answer.ts";
import type { LoadOutcome, LoadPlan, LoadSample } from "./load.ts";
import type { RawAnswer } from "./request-watch.ts";

/** What is known of a request before its answer is read. */
export type AskedRequest = Pick<LoadSample, "id" | "session" | "index" | "intendedNs" | "requestBytes">;

/** Reads the answer of a request that is over. */
export function readSample(asked: AskedRequest, raw: RawAnswer, keep: LoadPlan["keep"]): LoadSample {
  const body = raw.chunks.length === 1 && raw.chunks[0] ? raw.chunks[0] : Buffer.concat(raw.chunks);
  const streamed = raw.contentType.toLowerCase().includes("text/event-stream");
  const answer = readAnswer(body);
  const whole = keep.output && raw.outcome === "completed" ? answer : null;
  const chunkEnds = endsOf(raw.chunks);
  const chunkOf = (endByte: number | null) =>
    endByte === null ? -1 : chunkEnds.findIndex((end) => end >= endByte);
  const first = chunkOf(answer.firstTokenEndByte);
  const last = chunkOf(answer.lastTokenEndByte);
  const { sentNs, firstByteNs, status } = raw;
  const endedNs = (isWhole(raw, answer) ? raw.chunkNs.at(-1) : undefined) ?? raw.endedNs;
  return {
    ...asked,
    sentNs,
    firstByteNs,
    firstTokenNs: raw.chunkNs[first] ?? null,
    lastTokenNs: raw.chunkNs[last] ?? null,
    endedNs,
    status,
    ...endOf(raw, answer.incomplete),
    streamed,
    responseBytes: body.length,
    tokenChunks: first === -1 ? 0 : Math.max(0, last - first),
    usage: answer.usage,
    finishReason: answer.finish,
    outputSha256: whole === null ? null : outputSha256(whole),
    chunks: keep.chunks
      ? raw.chunks.map(({ length }, at) => [(raw.chunkNs[at] ?? endedNs) - (sentNs ?? endedNs), length])
      : null,
  };
}

/**
 * Whether the server has said all that it had to say, as taps see it. Its last byte ends the answer: what belongs to the connection follows
 * when the server comes to it, with uvicorn some milliseconds after `[DONE]`.
 */
function isWhole({ status, outcome }: RawAnswer, { done, incomplete }: Answer): boolean {
  return status === 200 && outcome === "completed" && done && incomplete === null;
}

/** HTTP framing may say that all is well about an answer that is an error, or whose sender stopped in the middle. */
function endOf(raw: RawAnswer, incomplete: string | null): { outcome: LoadOutcome; error: string | null } {
  if (raw.outcome !== "completed" || incomplete === null) return { outcome: raw.outcome, error: raw.error };
  return { outcome: "incomplete", error: `the answer ${incomplete}` };
}

/**
 * sha256 of what an answer says: text, reasoning, names and arguments of tool calls. The same for a stream and for an
 * answer in one piece, whatever the chunks; ids and times are not in it. null for a body that is no answer.
 */
export function outputSha256({ begun, text, reasoning, calls }: Answer): string | null {
  if (!begun) return null;
  const said = calls.map(({ name, argumentsText }) => ({ name, arguments: argumentsText }));
  return createHash("sha256")
    .update(JSON.stringify({ text, reasoning, calls: said }))
    .digest("hex");
}

/** Offset behind each chunk. */
function endsOf(chunks: readonly Buffer[]): readonly number[] {
  let end = 0;
  return chunks.map(({ length }) => (end += length));
}
