import { classifyCall } from "./tool-family.ts";
import { changesFiles } from "./call-effects.ts";
import type { ObservedCall, ObservedTurn, Observation } from "../../contract/observation.ts";

/** What an agent did, from first-hand records: shown beside a score, and what AgentBench's second layer is made of. */
export interface AttemptFacts {
  readonly toolCalls: number;
  readonly toolCallsByName: Readonly<Record<string, number>>;
  /** By ClawBench's families: read, search, edit, execute, … */
  readonly toolCallsByFamily: Readonly<Record<string, number>>;
  readonly errors: number;
  readonly planningRatio: number | null;
  readonly modelCalls: number;
  readonly tokens: Observation["tokens"];
  readonly durationMs: number;
  /** Whether something was looked at before the first change; null: nothing was changed. */
  readonly readBeforeWrite: boolean | null;
  readonly recovery: RecoveryFacts;
}

export interface RecoveryFacts {
  readonly failedCalls: number;
  /** Failed calls after which the same tool succeeded. */
  readonly recoveredCalls: number;
}

export function factsOf(observation: Observation): AttemptFacts {
  const { calls, turns, tokens, modelCalls, durationMs } = observation;
  return {
    toolCalls: calls.length,
    toolCallsByName: counted(calls.map(({ name }) => name)),
    toolCallsByFamily: counted(calls.map((call) => classifyCall(call).family)),
    errors: calls.filter(({ error }) => error).length,
    planningRatio: planningRatio(turns, calls),
    modelCalls,
    tokens,
    durationMs,
    readBeforeWrite: readBeforeWrite(calls),
    recovery: recoveryFacts(calls),
  };
}

function counted(words: readonly string[]): Readonly<Record<string, number>> {
  const counts = new Map<string, number>();
  for (const word of words) counts.set(word, (counts.get(word) ?? 0) + 1);
  return Object.fromEntries([...counts].sort(([one], [other]) => (one < other ? -1 : 1)));
}

/**
 * Share of an attempt's time that passed before the first tool call: (first call - first prompt) / (end - first prompt), to
 * three decimals, from stamps of one clock. Of several turns the time between them is left out, because checks run in it.
 * null without a call or without time.
 */
export function planningRatio(turns: readonly ObservedTurn[], calls: readonly ObservedCall[]): number | null {
  if (calls.length === 0) return null;
  const started = Math.min(...calls.map(({ startedNs }) => startedNs));
  const until = (turn: ObservedTurn) => Math.max(0, Math.min(started, turn.endedNs) - turn.promptedNs);
  const whole = turnsNs(turns);
  if (whole <= 0) return null;
  const planning = turns.reduce((sum, turn) => sum + until(turn), 0);
  return Math.round((planning / whole) * 1000) / 1000;
}

/** Time of an attempt's turns; what lies between two of them is not the agent's. */
export function turnsNs(turns: readonly ObservedTurn[]): number {
  return turns.reduce((sum, { promptedNs, endedNs }) => sum + endedNs - promptedNs, 0);
}

function readBeforeWrite(calls: readonly ObservedCall[]): boolean | null {
  const first = calls.findIndex((call) => changesFiles(call));
  return first === -1 ? null : calls.slice(0, first).some(({ error }) => !error);
}

export function recoveryFacts(calls: readonly ObservedCall[]): RecoveryFacts {
  const failed = calls.flatMap((call, index) => (call.error ? [{ call, index }] : []));
  const recovered = failed.filter(({ call, index }) =>
    calls.slice(index + 1).some((later) => later.name === call.name && !later.error),
  );
  return { failedCalls: failed.length, recoveredCalls: recovered.length };
}
