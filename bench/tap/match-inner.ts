import type { Exchange, InnerEnd, MatchedInnerEnd } from "../workload/exchange.ts";
import { questionOf } from "../workload/question.ts";

/**
 * Gives each outer exchange the requests that were made to the engine for it. They begin while it is open and have its id,
 * or at least its attempt. A gateway that passes no identity on leaves the conversation that is asked. Where it asks another
 * one, or none that can be compared while several requests of the arm were open, the match is not certain.
 *
 * @param exchanges of one attempt
 * @param ends in any order
 */
export function withInner(exchanges: readonly Exchange[], ends: readonly InnerEnd[]): Exchange[] {
  const ids = new Set(exchanges.map(({ requestId }) => requestId));
  const inOrder = ends.toSorted((a, b) => a.startedNs - b.startedNs);
  return exchanges.map((exchange) => {
    const inner = inOrder.flatMap((end): MatchedInnerEnd[] => {
      const within = end.startedNs >= exchange.startedNs && end.startedNs <= exchange.endedNs;
      const mine = end.requestId === exchange.requestId || !ids.has(end.requestId);
      return within && mine ? [{ ...end, certain: isCertain(end, exchange) }] : [];
    });
    return inner.length === 0 ? exchange : { ...exchange, inner };
  });
}

function isCertain({ owner, requestId }: InnerEnd, exchange: Exchange): boolean {
  if (owner === null || requestId === exchange.requestId) return true;
  return owner.question === null ? owner.alone : owner.question === questionOf(exchange.requestBody);
}
