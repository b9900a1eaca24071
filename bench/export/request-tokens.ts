import { tokenSequences, type TokenSequence } from "../tokens/token-sequences.ts";
import type { InlinedTrajectory } from "./inlined-trajectory.ts";

export type TokensOfRequest = (requestId: string) => TokenSequence | null;

/** Finds a message's tokens by request id; by order where the gateway keeps no ids and recorded as many calls. */
export function tokensOfRequests({ recorded, trajectory }: InlinedTrajectory): TokensOfRequest {
  const sequences = recorded === null ? null : tokenSequences(recorded.calls, "individual");
  if (recorded === null || sequences === null) return () => null;
  const requests = trajectory.messages.flatMap((message) =>
    message.role === "assistant" && message.requestId !== null ? [message.requestId] : [],
  );
  const nameless = recorded.calls.every(({ requestId }) => requestId === null);
  const byOrder = nameless && requests.length === sequences.length;
  const known = byOrder ? requests : recorded.calls.map(({ requestId }) => requestId);
  const index = new Map(known.map((requestId, call) => [requestId, call]));
  return (requestId) => sequences[index.get(requestId) ?? -1] ?? null;
}
