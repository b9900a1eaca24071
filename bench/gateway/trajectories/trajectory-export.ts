import { setImmediate as nextTurn } from "node:timers/promises";
import { z } from "zod";
import type { RecordingLevel } from "../../config/recording-choices.ts";
import { weightVersion } from "../engine/weight-spans.ts";
import type { KeptTokens } from "../sessions/call-tree.ts";
import { DialectError } from "../http/dialect-error.ts";
import { discountedReturns } from "../../tokens/returns.ts";
import { retryOrphans } from "./retry-orphans.ts";
import type { Interaction, Session } from "../sessions/session.ts";
import { batchTensors } from "../../tokens/tensor-batch.ts";
import { tokenSequences, type TokenSequence } from "../../tokens/token-sequences.ts";
import { withoutCalls } from "./without-calls.ts";

/** Whether a client sees tokens when they exist. `simulated`: all at once at the end, so that its TTFT means nothing. */
export type Streaming = "true" | "simulated";

/** The body of `/export_trajectories`. `drop_retry_orphans` and `form` are not in AReaL's dialect. */
export const exportRequestSchema = z.object({
  session_ids: z.array(z.string()).nullish(),
  group_id: z.string().nullish(),
  trajectory_id: z.int().nonnegative().nullish(),
  discount: z.number().nullish(),
  style: z.string().nullish(),
  remove_session: z.boolean().nullish(),
  drop_retry_orphans: z.boolean().nullish(),
  /** `calls`: what was recorded, prompts as what they add. `tensors`: AReaL's rows, tensors in place of handles. */
  form: z.enum(["calls", "tensors"]).nullish(),
});

export interface ExportedTrajectory {
  readonly session: Session;
  readonly trajectoryId: number;
  /** In call order, without retry orphans. */
  readonly interactions: readonly Interaction[];
  /** What the gateway saw and is not in it. */
  readonly dropped: readonly { readonly interaction_id: string | null; readonly reason: string }[];
  /** Lower than the gateway's where the engine gave no ids for one of the calls. */
  readonly level: RecordingLevel;
}

export interface TokenExportSettings {
  readonly discount: number;
  readonly style: "individual" | "concat";
  readonly level: RecordingLevel;
  readonly streaming: Streaming;
  readonly tokenizerSha256: string | null;
  /** Form in which tools were rendered; null where the engine rendered. */
  readonly toolForm: string | null;
}

/** @throws {DialectError} 400 for a style that does not exist, or that a level without ids cannot give */
export function requireStyle(style: string, level: RecordingLevel): "individual" | "concat" {
  if (style === "concat" && level === "L0") {
    throw new DialectError(
      400,
      "Cannot export interactions in 'concat' style: recording level L0 has no token ids",
    );
  }
  if (style === "individual" || style === "concat") return style;
  throw new DialectError(400, `Invalid export interactions style ${style}`);
}

/** A closed trajectory as it will be exported. */
export function exportedTrajectory(
  session: Session,
  trajectoryId: number,
  options: { readonly dropRetryOrphans: boolean; readonly level: RecordingLevel },
): ExportedTrajectory {
  const all = session.interactions(trajectoryId);
  const orphans = options.dropRetryOrphans ? retryOrphans(all) : new Set<number>();
  const interactions = withoutCalls(all, orphans);
  const isLast = session.isLast(trajectoryId);
  const dropped = [
    ...all
      .filter((_, at) => orphans.has(at))
      .map((one) => ({ id: one.interactionId, reason: "retry orphan" })),
    ...(isLast ? session.openCalls.map((id) => ({ id, reason: "after the reward" })) : []),
    ...(isLast ? Array.from({ length: session.failedCalls }, () => ({ id: null, reason: "failed" })) : []),
  ].map(({ id, reason }) => ({ interaction_id: id, reason }));
  const hasTokens = interactions.every(({ tokens }) => tokens !== null);
  return { session, trajectoryId, interactions, dropped, level: hasTokens ? options.level : "L0" };
}

/** @throws {DialectError} 400 where token ids are asked for and there are none */
export function requireTokens(trajectories: readonly ExportedTrajectory[], what: string): void {
  const without = trajectories.find(({ level }) => level === "L0");
  if (without === undefined) return;
  throw new DialectError(
    400,
    `Cannot export interactions ${what}: session ${without.session.id} has recording level L0, without token ids`,
  );
}

/**
 * The export as JSON text, piece by piece: a long conversation is large, and streams of other sessions go on between the
 * pieces. The form is AReaL's for models without token ids (`interactions` with `request`, `response`, `reward`), with
 * what else was recorded beside it.
 */
export async function* exportText(
  trajectories: readonly ExportedTrajectory[],
  settings: TokenExportSettings,
): AsyncGenerator<string> {
  const level = trajectories.every((one) => one.level === settings.level) ? settings.level : "L0";
  const head = {
    level,
    streaming: settings.streaming,
    tokenizer_sha256: settings.tokenizerSha256,
    tool_form: settings.toolForm,
    discount: settings.discount,
    sessions: trajectories.map(sessionFacts),
    ...(settings.style === "concat" ? { leaves: trajectories.flatMap(leavesOf) } : {}),
  };
  yield `{"traj":${JSON.stringify(head).slice(0, -1)},"interactions":[`;
  let separator = "";
  for (const { session, trajectoryId, interactions } of trajectories) {
    const returns = discountedReturns(rewardsOf(interactions), settings.discount);
    for (const [at, interaction] of interactions.entries()) {
      const facts = { session_id: session.id, trajectory_id: trajectoryId, return: returns[at] ?? 0 };
      yield separator + JSON.stringify(interactionView(interaction, facts));
      separator = ",";
      await nextTurn();
    }
  }
  yield "]}}";
}

/** AReaL's rows as text, in session order and then call order. */
export function tensorText(
  trajectories: readonly ExportedTrajectory[],
  settings: TokenExportSettings,
): string {
  const rows = trajectories.flatMap(({ interactions }) => {
    const returns = discountedReturns(rewardsOf(interactions), settings.discount);
    return sequencesOf(interactions, settings.style).map((row) => ({ row, return: returns[row.call] ?? 0 }));
  });
  const traj = batchTensors(
    rows.map(({ row }) => row),
    rows.map((row) => row.return),
  );
  return JSON.stringify({ traj });
}

/** Ids of the calls that no other continues: the rows of style concat. */
function leavesOf({ interactions }: ExportedTrajectory): string[] {
  return sequencesOf(interactions, "concat").map(({ call }) => interactions[call]?.interactionId ?? "");
}

/** AReaL's export says -1 where the engine does not tell its weight version. */
function sequencesOf(
  interactions: readonly Interaction[],
  style: TokenExportSettings["style"],
): TokenSequence[] {
  const calls = interactions.flatMap(({ tokens }) =>
    tokens === null ? [] : { ...tokens, weightVersion: weightVersion(tokens.weights) },
  );
  return tokenSequences(calls, style, { unknownVersion: -1 }) ?? [];
}

const rewardsOf = (interactions: readonly Interaction[]) => interactions.map(({ reward }) => reward);

function sessionFacts({ session, trajectoryId, dropped, level }: ExportedTrajectory) {
  return {
    session_id: session.id,
    group_id: session.groupId,
    trajectory_id: trajectoryId,
    level,
    late_calls: session.lateCalls,
    failed_calls: session.failedCalls,
    dropped,
  };
}

function tokensView(tokens: KeptTokens) {
  return {
    parent: tokens.parent,
    shared_tokens: tokens.sharedTokens,
    break_cause: tokens.breakCause,
    prompt_tail: [...tokens.promptTail],
    output_ids: [...tokens.outputIds],
    output_logprobs: [...tokens.outputLogprobs],
    weight_version: weightVersion(tokens.weights),
    weights: tokens.weights,
  };
}

function interactionView(
  { interactionId, requestBody, responseBody, timing, tokens, reward }: Interaction,
  facts: { readonly session_id: string; readonly trajectory_id: number; readonly return: number },
) {
  const { messages, parameters } = requestParts(requestBody);
  return {
    interaction_id: interactionId,
    request_id: timing.requestId,
    session_id: facts.session_id,
    trajectory_id: facts.trajectory_id,
    request: messages,
    parameters,
    response: responseBody,
    reward: facts.return,
    original_reward: reward,
    usage: timing.usage && {
      prompt_tokens: timing.usage.promptTokens,
      completion_tokens: timing.usage.completionTokens,
      cached_tokens: timing.usage.cachedTokens,
    },
    finish_reason: timing.finishReason,
    streamed: timing.streamed,
    tokens: tokens && tokensView(tokens),
    timings: {
      started_ns: timing.startedNs,
      request_end_ns: timing.requestEndNs,
      first_byte_ns: timing.firstByteNs,
      first_token_ns: timing.firstTokenNs,
      last_token_ns: timing.lastTokenNs,
      ended_ns: timing.endedNs,
      chunks: timing.chunks,
    },
  };
}

/** The engine accepted the body, so it is JSON; should it have accepted something else, the text is kept as it is. */
function requestParts(body: string): { readonly messages: unknown; readonly parameters: unknown } {
  try {
    const { messages, ...parameters } = z.looseObject({ messages: z.unknown() }).parse(JSON.parse(body));
    return { messages, parameters };
  } catch {
    return { messages: body, parameters: {} };
  }
}
