import type { ObservedCall, ObservedTurn } from "../contract/observation.ts";
import { classifyCall } from "../scoring/calls/tool-family.ts";
import type { TurnConditions } from "../contract/task.ts";

/** What has happened before a turn that may be said. */
export interface Before {
  readonly turns: readonly ObservedTurn[];
  readonly calls: readonly ObservedCall[];
}

/** ClawBench's: whether the user says a turn. All conditions that are given must hold; after one that is not said, none is. */
export function isSaid(conditions: TurnConditions | null, { turns, calls }: Before): boolean {
  if (conditions === null) return true;
  const messages = turns.flatMap(({ assistant }) => assistant);
  const lastCall = calls.at(-1);
  const { afterAssistantTurns, whenToolFamily, whenToolName, whenAssistantContains, whenLastToolFailed } =
    conditions;
  if (afterAssistantTurns !== null && messages.length < afterAssistantTurns) return false;
  if (whenToolFamily !== null && (lastCall === undefined || classifyCall(lastCall).family !== whenToolFamily))
    return false;
  if (whenToolName !== null && !(lastCall && new RegExp(whenToolName, "i").test(lastCall.name))) return false;
  if (
    whenAssistantContains !== null &&
    !new RegExp(whenAssistantContains, "i").test(messages.at(-1)?.text ?? "")
  )
    return false;
  return !whenLastToolFailed || lastCall?.error === true;
}
