import { tapLatencies, momentsOf } from "../../evidence/request-latencies.ts";
import { endpointOf } from "../../evidence/inner-endpoint.ts";
import type { RequestOnItsWay } from "../../evidence/seen-requests.ts";
import { isAnswered, type TapTiming } from "../../evidence/tap-timing.ts";
import { requestSpans } from "../../load/latency.ts";
import type { EpisodeRecord } from "../../store/record.ts";
import { columnsOf, type RowColumn } from "./row-column.ts";
import { wallMicroseconds, type RunSegment } from "../../evidence/run-segments.ts";

/** A row of `requests`: a model call of an agent or a simulated user. */
export interface RequestTableRow {
  readonly in: Pick<RunSegment, "run" | "segment" | "cell" | "used">;
  readonly seen: RequestOnItsWay;
  /** The record that counts for its episode; null where there is none. */
  readonly episode: EpisodeRecord | null;
  /** Of its attempt and hop, counted from 0 in order of start; null for a request of no episode. */
  readonly index: number | null;
}

const { text, truth, count, tokens, bytes, ms, stamp, time } = columnsOf<RequestTableRow>();
const at = (of: (timing: TapTiming) => string | number | boolean | null) => (row: RequestTableRow) =>
  of(row.seen.at);
const inner = (of: (timing: TapTiming) => string | number | boolean | null) => (row: RequestTableRow) =>
  row.seen.inner === null ? null : of(row.seen.inner);

/** Milliseconds at the outer tap minus those at the inner one; null unless both are known. */
const added = (span: (typeof requestSpans)[keyof typeof requestSpans]) => (row: RequestTableRow) => {
  const { at, inner } = row.seen;
  const [outside, inside] = [span(momentsOf(at)), inner === null ? null : span(momentsOf(inner))];
  return outside === null || inside === null ? null : (outside - inside) / 1e6;
};
const spanMs = (span: (typeof requestSpans)[keyof typeof requestSpans]) => (timing: TapTiming) => {
  const ns = span(momentsOf(timing));
  return ns === null ? null : ns / 1e6;
};

/** Whose request it is. Episodes of a replay are recorded conversations that are sent again: they have no task and no record. */
const identity: readonly RowColumn<RequestTableRow>[] = [
  text("run_id", "The run", ({ in: { run } }) => run.runId),
  text("experiment", "Name of the experiment", ({ in: { run } }) => run.experiment),
  truth("simulated", "An engine of the run is a simulator", ({ in: { run } }) => run.simulated),
  text("cell_id", "The cell", ({ in: { segment } }) => segment.cellId),
  text("segment_id", "The segment of the cell", ({ in: { segment } }) => segment.segmentId),
  text("arm", "Name of the arm", ({ in: { cell }, seen }) => cell?.arm ?? seen.at.arm),
  text("arm_kind", "raw, gateway, url and so on", ({ in: { cell } }) => cell?.armKind ?? null),
  text("load", "closed:C or open:R", ({ in: { cell } }) => cell?.load ?? null),
  count("repetition", "Repetition of the cell", ({ in: { cell } }) => cell?.repetition ?? null),
  text(
    "hop",
    "Where it was seen: outer (agent to arm), user (simulated user to its engine), or inner (a request to the engine that is not known to be the one of an outer row)",
    at(({ hop }) => hop),
  ),
  text(
    "episode_id",
    "The episode, by the request's own header; null where it came without",
    at(({ episodeId }) => episodeId),
  ),
  text(
    "attempt_key",
    "The attempt at the episode, by the request's own header",
    at(({ attemptKey }) => attemptKey),
  ),
  truth(
    "counts",
    "The attempt gave the episode's result; false for one that was killed, repeated or replaced; null for a request of no planned episode",
    ({ episode, seen }) => (episode === null ? null : (episode.attemptKey ?? null) === seen.at.attemptKey),
  ),
  truth(
    "measured",
    "The report's rates and latencies are over its segment, too; null where the cell has no summary",
    ({ in: { used } }) => used,
  ),
  text("domain", "Domain of the task", ({ episode }) => episode?.domain ?? null),
  text("task_id", "The task", ({ episode }) => episode?.taskId ?? null),
  count("trial", "Repetition of the task", ({ episode }) => episode?.trial ?? null),
  count("request_index", "Of its attempt and hop, from 0 in order of start", ({ index }) => index),
  text(
    "request_id",
    "From the request's own header, else a number of the tap",
    at(({ requestId }) => requestId),
  ),
];

const outcome: readonly RowColumn<RequestTableRow>[] = [
  text(
    "path",
    "What was asked for",
    at(({ path }) => path),
  ),
  truth("answered", "Arrived whole, with status 200, and complete", at(isAnswered)),
  count(
    "status",
    "HTTP status; null when no status line came",
    at(({ status }) => status),
  ),
  text(
    "outcome",
    "completed, client-aborted, upstream-failed or upstream-truncated",
    at((timing) => timing.outcome),
  ),
  text(
    "error",
    "What went wrong, where the outcome is not completed",
    at(({ error }) => error),
  ),
  text(
    "incomplete",
    "Why an answer with status 200 is not complete; null when it is, and in runs of an older Tollgate",
    at((timing) => timing.incomplete ?? null),
  ),
  truth(
    "streamed",
    "The answer came as a stream",
    at(({ streamed }) => streamed),
  ),
  text(
    "finish_reason",
    "As the answer has it",
    at(({ finishReason }) => finishReason),
  ),
  truth(
    "sent_again",
    "Sent once more, because the server had closed the connection without reading it",
    at((timing) => timing.sentAgain !== undefined),
  ),
  bytes(
    "request_bytes",
    "Of the request's body",
    at(({ requestBytes }) => requestBytes),
  ),
  bytes(
    "response_bytes",
    "Of the answer's body, as it came over the wire",
    at(({ responseBytes }) => responseBytes),
  ),
  tokens(
    "prompt_tokens",
    "By the answer's usage; null where it has none",
    at(({ usage }) => usage?.promptTokens ?? null),
  ),
  tokens(
    "completion_tokens",
    "By the answer's usage; null where it has none",
    at(({ usage }) => usage?.completionTokens ?? null),
  ),
  tokens(
    "cached_tokens",
    "Of the prompt, by the answer's usage; null where the server does not tell",
    at(({ usage }) => usage?.cachedTokens ?? null),
  ),
  count(
    "token_chunks",
    "Chunks of the body from the first with a token to the last",
    at((timing) => timing.tokenChunks ?? null),
  ),
];

const times: readonly RowColumn<RequestTableRow>[] = [
  time("started_at", "Wall clock of started_ns, exact to a millisecond", ({ in: { segment }, seen }) =>
    wallMicroseconds(segment, seen.at.startedNs),
  ),
  ms("ttft_ms", "Request head to the first chunk with a token; null unless streamed", at(tapLatencies.ttft)),
  ms(
    "itl_ms",
    "(last token - first token) / (completion tokens - 1); null below two tokens, and where all came in one chunk",
    at(tapLatencies.itl),
  ),
  ms("e2e_ms", "Request head to the end of the answer", at(tapLatencies.e2e)),
  ms("to_first_byte_ms", "Request head to the answer's head", at(spanMs(requestSpans.toFirstByte))),
  ms(
    "byte_to_token_ms",
    "Answer's head to the first token; null unless streamed",
    at(spanMs(requestSpans.byteToToken)),
  ),
  ms(
    "between_tokens_ms",
    "First token to the last; null unless streamed",
    at(spanMs(requestSpans.betweenTokens)),
  ),
  ms("after_tokens_ms", "Last token to the end; null unless streamed", at(spanMs(requestSpans.afterTokens))),
  stamp(
    "started_ns",
    "Request head read by the tap",
    at(({ startedNs }) => startedNs),
  ),
  stamp(
    "request_end_ns",
    "Last byte of the request's body",
    at(({ requestEndNs }) => requestEndNs),
  ),
  stamp(
    "first_byte_ns",
    "First byte of the answer's head; null when none came",
    at(({ firstByteNs }) => firstByteNs),
  ),
  stamp(
    "first_token_ns",
    "First chunk with text, reasoning or a tool call; null when none was seen",
    at(({ firstTokenNs }) => firstTokenNs),
  ),
  stamp(
    "last_token_ns",
    "Last such chunk",
    at(({ lastTokenNs }) => lastTokenNs),
  ),
  stamp(
    "ended_ns",
    "End of the answer",
    at(({ endedNs }) => endedNs),
  ),
];

/** Asked for bare text, an engine sends its first token at another moment than in a chat, where it holds calls back. */
const sameForm = ({ seen: { at, inner } }: RequestTableRow) =>
  inner !== null && endpointOf(at) === endpointOf(inner);

/** Between the arm and the engine: all null where that was not seen, or is not known to be the same request. */
const behind: readonly RowColumn<RequestTableRow>[] = [
  text(
    "inner_join",
    "How the request behind the arm is known to be the same: request-id, session or time-and-tokens",
    ({ seen }) => seen.join,
  ),
  text(
    "inner_path",
    "What the engine was asked for",
    inner(({ path }) => path),
  ),
  count(
    "inner_status",
    "HTTP status of the engine",
    inner(({ status }) => status),
  ),
  truth(
    "inner_streamed",
    "The engine's answer came as a stream",
    inner(({ streamed }) => streamed),
  ),
  tokens(
    "inner_prompt_tokens",
    "By the engine's usage",
    inner(({ usage }) => usage?.promptTokens ?? null),
  ),
  tokens(
    "inner_completion_tokens",
    "By the engine's usage",
    inner(({ usage }) => usage?.completionTokens ?? null),
  ),
  tokens(
    "inner_cached_tokens",
    "By the engine's usage",
    inner(({ usage }) => usage?.cachedTokens ?? null),
  ),
  bytes(
    "inner_request_bytes",
    "Of the body that the engine got",
    inner(({ requestBytes }) => requestBytes),
  ),
  bytes(
    "inner_response_bytes",
    "Of the body that the engine sent",
    inner(({ responseBytes }) => responseBytes),
  ),
  ms("inner_ttft_ms", "At the inner tap", inner(tapLatencies.ttft)),
  ms("inner_itl_ms", "At the inner tap", inner(tapLatencies.itl)),
  ms("inner_e2e_ms", "At the inner tap", inner(tapLatencies.e2e)),
  stamp(
    "inner_started_ns",
    "Request head read by the inner tap",
    inner(({ startedNs }) => startedNs),
  ),
  stamp(
    "inner_first_byte_ns",
    "First byte of the engine's answer",
    inner(({ firstByteNs }) => firstByteNs),
  ),
  stamp(
    "inner_first_token_ns",
    "First chunk of the engine with a token",
    inner(({ firstTokenNs }) => firstTokenNs),
  ),
  stamp(
    "inner_last_token_ns",
    "Last such chunk",
    inner(({ lastTokenNs }) => lastTokenNs),
  ),
  stamp(
    "inner_ended_ns",
    "End of the engine's answer",
    inner(({ endedNs }) => endedNs),
  ),
  ms(
    "added_ttft_ms",
    "ttft_ms - inner_ttft_ms: what lies between the taps, before the first token; null, too, where the arm asks the engine for another form of answer (inner_path)",
    (row) => (sameForm(row) ? added(requestSpans.ttft)(row) : null),
  ),
  ms("added_e2e_ms", "e2e_ms - inner_e2e_ms: what lies between the taps", added(requestSpans.e2e)),
];

export const requestColumns: readonly RowColumn<RequestTableRow>[] = [
  ...identity,
  ...outcome,
  ...times,
  ...behind,
];
