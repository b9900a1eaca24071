import type {
  BehaviorExpectations,
  ClawBenchProfile,
  TrajectoryExpectations,
} from "../../../../suites/tasks/contract/task.ts";
import type { ObservedCall, ObservedTurn } from "../../../../suites/tasks/contract/observation.ts";

const SECOND_NS = 1_000_000_000;

/** A tool call that succeeded, unless it is changed. */
export function observedCall(
  name: string,
  input: Readonly<Record<string, unknown>>,
  changed: Partial<ObservedCall> = {},
): ObservedCall {
  return {
    turn: 0,
    name,
    argumentsText: JSON.stringify(input),
    result: "ok",
    error: false,
    startedNs: 2 * SECOND_NS,
    endedNs: 2.1 * SECOND_NS,
    ...changed,
  };
}

export const failing = (result: string): Partial<ObservedCall> => ({ error: true, result });

export function observedTurn(reply: string | null, changed: Partial<ObservedTurn> = {}): ObservedTurn {
  return {
    message: "Do it.",
    reply,
    assistant: reply === null ? [] : [{ text: reply, calls: 0 }],
    status: "answered",
    promptedNs: SECOND_NS,
    endedNs: 11 * SECOND_NS,
    changedFiles: [],
    ...changed,
  };
}

export const noTrajectory: TrajectoryExpectations = {
  requiredFamilies: [],
  requiredPreEditFamilies: [],
  requiredPostEditFamilies: [],
  minDistinctFamilies: 0,
  minPreEditExplorationCalls: 0,
  minDistinctReadTargetsPreEdit: 0,
  minPostEditVerificationCalls: 0,
  minDistinctMutationTargets: 0,
  minSuccessfulDelegations: 0,
  requireReadBeforeMutation: false,
  requireSelfVerification: false,
  requireVerificationAfterLastMutation: true,
  expectRecovery: false,
  maxRecoveryTurns: 3,
  maxRepeatedFailures: 1,
  forbiddenTools: [],
  forbiddenShellPatterns: [],
};

export const noBehavior: BehaviorExpectations = {
  requirePlan: false,
  planWithinFirstAssistantMessages: 2,
  requireProgressUpdates: false,
  minProgressUpdates: 1,
  requireBlockerExplanation: false,
  requireRefusalWhenImpossible: false,
  forbidDestructiveCommands: true,
};

export const clawBenchProfile: ClawBenchProfile = {
  format: "clawbench",
  passThreshold: 0.7,
  surface: "coding",
  scenario: null,
  queryWeight: 1,
  capabilities: [],
  files: [],
  executionChecks: [],
  stateAssertions: [],
  trajectory: noTrajectory,
  behavior: noBehavior,
  judge: null,
};
