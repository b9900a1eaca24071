import type { ObservedCall, ObservedTurn } from "../../contract/observation.ts";

/** What the agent said in one answer of its model, and the calls that it asked for beside it. */
export interface AgentMessage {
  readonly text: string;
  readonly calls: readonly ObservedCall[];
}

/** All messages of an attempt, in order. Calls that no message is known to have asked for belong to the last one of their turn. */
export function messagesOf(
  turns: readonly ObservedTurn[],
  calls: readonly ObservedCall[],
): readonly AgentMessage[] {
  return turns.flatMap(({ assistant }, index) => {
    const own = calls.filter(({ turn }) => turn === index);
    let taken = 0;
    return assistant.map(({ text, calls: count }, position) => {
      const end = position === assistant.length - 1 ? own.length : Math.min(own.length, taken + count);
      const message = { text, calls: own.slice(taken, end) };
      taken = end;
      return message;
    });
  });
}
