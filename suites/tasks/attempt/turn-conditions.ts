import type { ObservedCall, ObservedTurn } from "../contract/observation.ts";
import { caselessPattern } from "../python/python-pattern.ts";
import { classifyCall } from "../scoring/calls/tool-family.ts";
import type { TaskTurn, TurnConditions } from "../contract/task.ts";

/** What has happened before a turn that may be said. */
export interface Before {
  readonly turns: readonly ObservedTurn[];
  readonly calls: readonly ObservedCall[];
}

/**
 * The first turn from a place on that the user says; null: there is none. One whose conditions do not hold ends its phase, as
 * in ClawBench, and the next phase begins.
 */
export function nextTurn(
  turns: readonly TaskTurn[],
  from: number,
  before: Before,
): { readonly index: number; readonly turn: TaskTurn } | null {
  const isEntered = (index: number) => index === from || turns[index]?.newSession === true;
  for (const [index, turn] of turns.entries())
    if (index >= from && isEntered(index) && isSaid(turn.conditions, before)) return { index, turn };
  return null;
}

/** ClawBench's: whether the user says a turn. All conditions that are given must hold. */
export function isSaid(conditions: TurnConditions | null, { turns, calls }: Before): boolean {
  if (conditions === null) return true;
  const messages = turns.flatMap(({ assistant }) => assistant);
  const lastCall = calls.at(-1);
  const { afterAssistantTurns, whenToolFamily, whenToolName, whenAssistantContains, whenLastToolFailed } =
    conditions;
  if (afterAssistantTurns !== null && messages.length < afterAssistantTurns) return false;
  if (whenToolFamily !== null && (lastCall === undefined || classifyCall(lastCall).family !== whenToolFamily))
    return false;
  if (whenToolName !== null && !(lastCall && isFound(whenToolName, lastCall.name))) return false;
  if (whenAssistantContains !== null && !isFound(whenAssistantContains, messages.at(-1)?.text ?? ""))
    return false;
  return !whenLastToolFailed || lastCall?.error === true;
}

const isFound = (source: string, text: string): boolean => caselessPattern(source)?.test(text) ?? false;
