import { setImmediate as nextTurn } from "node:timers/promises";
import { z } from "zod";
import { DialectError } from "./dialect-error.ts";
import { discountedReturns } from "./returns.ts";
import type { Interaction, Session } from "./session.ts";

/** The body of `/export_trajectories`. */
export const exportRequestSchema = z.object({
  session_ids: z.array(z.string()).nullish(),
  group_id: z.string().nullish(),
  trajectory_id: z.int().nonnegative().nullish(),
  discount: z.number().nullish(),
  style: z.string().nullish(),
  remove_session: z.boolean().nullish(),
});

export interface ExportedTrajectory {
  readonly session: Session;
  readonly trajectoryId: number;
}

/** @throws {DialectError} 400 for a style that does not exist or that this level cannot give */
export function requireStyle(style: string): void {
  if (style === "individual") return;
  if (style === "concat") {
    throw new DialectError(
      400,
      "Cannot export interactions in 'concat' style: recording level L0 has no token ids",
    );
  }
  throw new DialectError(400, `Invalid export interactions style ${style}`);
}

/**
 * The export as JSON text, piece by piece: a long conversation is large, and streams of other sessions go on between the
 * pieces. The form is AReaL's for models without token ids (`interactions` with `request`, `response`, `reward`), with
 * what else was recorded beside it.
 */
export async function* exportText(
  trajectories: readonly ExportedTrajectory[],
  discount: number,
): AsyncGenerator<string> {
  yield `{"traj":{"level":"L0","discount":${JSON.stringify(discount)},"sessions":${JSON.stringify(trajectories.map(sessionFacts))},"interactions":[`;
  let separator = "";
  for (const { session, trajectoryId } of trajectories) {
    const interactions = session.interactions(trajectoryId);
    const returns = discountedReturns(
      interactions.map(({ reward }) => reward),
      discount,
    );
    for (const [at, interaction] of interactions.entries()) {
      const facts = { session_id: session.id, trajectory_id: trajectoryId, return: returns[at] ?? 0 };
      yield separator + JSON.stringify(interactionView(interaction, facts));
      separator = ",";
      await nextTurn();
    }
  }
  yield "]}}";
}

function sessionFacts({ session, trajectoryId }: ExportedTrajectory) {
  return {
    session_id: session.id,
    group_id: session.groupId,
    trajectory_id: trajectoryId,
    late_calls: session.lateCalls,
    failed_calls: session.failedCalls,
  };
}

function interactionView(
  { interactionId, requestBody, responseBody, timing, reward }: Interaction,
  facts: { readonly session_id: string; readonly trajectory_id: number; readonly return: number },
) {
  const { messages, parameters } = requestParts(requestBody);
  return {
    interaction_id: interactionId,
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
