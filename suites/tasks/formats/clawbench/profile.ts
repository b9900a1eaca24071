import type {
  BehaviorExpectations,
  ClawBenchProfile,
  ExecutionCheck,
  FileAssertion,
  JudgeExpectations,
  TrajectoryExpectations,
} from "../../contract/task.ts";
import type {
  WrittenBehavior,
  WrittenCheck,
  WrittenFileState,
  WrittenJudge,
  ClawBenchFile,
  WrittenTrajectory,
} from "./task-schema.ts";

/** What is expected of the task; where its file says nothing, what the original takes then. */
export function profileOf(task: ClawBenchFile): ClawBenchProfile {
  const { files, execution_checks: checks } = task.completion ?? {};
  return {
    format: "clawbench",
    passThreshold: task.pass_threshold ?? 0.7,
    surface: task.surface,
    scenario: task.scenario ?? null,
    queryWeight: task.query_weight ?? 1,
    capabilities: task.capabilities ?? [],
    files: (files ?? []).map(fileAssertionOf),
    executionChecks: (checks ?? []).map(executionCheckOf),
    stateAssertions: stateAssertionsOf(task.completion ?? {}),
    trajectory: trajectoryOf(task.trajectory ?? {}),
    behavior: behaviorOf(task.behavior ?? {}),
    judge: task.judge ? judgeOf(task.judge) : null,
  };
}

function fileAssertionOf(written: WrittenFileState): FileAssertion {
  return {
    path: written.path,
    exists: written.exists ?? true,
    contentContains: written.content_contains ?? [],
    contentNotContains: written.content_not_contains ?? [],
    contentMatches: written.content_matches || null,
    minSizeBytes: written.min_size_bytes ?? 0,
  };
}

function executionCheckOf(written: WrittenCheck): ExecutionCheck {
  return {
    name: written.name,
    command: written.command,
    cwd: written.cwd ?? ".",
    env: variablesOf(written.env),
    timeoutMs: (written.timeout_seconds ?? 60) * 1000,
    shell: written.shell ?? true,
    expectedExitCode: written.expected_exit_code ?? 0,
    stdoutContains: written.stdout_contains ?? [],
    stdoutNotContains: written.stdout_not_contains ?? [],
    stderrContains: written.stderr_contains ?? [],
    stdoutMatches: written.stdout_matches || null,
    stderrMatches: written.stderr_matches || null,
    expectedStdout: written.expected_stdout ?? null,
    expectedStdoutFile: written.expected_stdout_file || null,
    // `null` in the file means there that nothing is asked for.
    expectedJson: written.expected_json ?? undefined,
    expectedJsonFile: written.expected_json_file || null,
  };
}

export function variablesOf(
  written: Readonly<Record<string, string | number | boolean>> | null | undefined,
): Readonly<Record<string, string>> {
  return Object.fromEntries(Object.entries(written ?? {}).map(([name, value]) => [name, String(value)]));
}

function stateAssertionsOf(
  completion: NonNullable<ClawBenchFile["completion"]>,
): ClawBenchProfile["stateAssertions"] {
  const { memory, session, cron, gateway_assertions: gateway } = completion;
  return [
    ...(memory ?? []).map((value) => ({ kind: "memory", value })),
    ...(session ? [{ kind: "session", value: session }] : []),
    ...(cron ?? []).map((value) => ({ kind: "cron", value })),
    ...(gateway ?? []).map((value) => ({ kind: "gateway_assertions", value })),
  ];
}

function trajectoryOf(written: WrittenTrajectory): TrajectoryExpectations {
  return {
    requiredFamilies: written.required_families ?? [],
    requiredPreEditFamilies: written.required_pre_edit_families ?? [],
    requiredPostEditFamilies: written.required_post_edit_families ?? [],
    minDistinctFamilies: written.min_distinct_families ?? 0,
    minPreEditExplorationCalls: written.min_pre_edit_exploration_calls ?? 0,
    minDistinctReadTargetsPreEdit: written.min_distinct_read_targets_pre_edit ?? 0,
    minPostEditVerificationCalls: written.min_post_edit_verification_calls ?? 0,
    minDistinctMutationTargets: written.min_distinct_mutation_targets ?? 0,
    minSuccessfulDelegations: written.min_successful_delegations ?? 0,
    requireReadBeforeMutation: written.require_read_before_mutation ?? false,
    requireSelfVerification: written.require_self_verification ?? false,
    requireVerificationAfterLastMutation: written.require_verification_after_last_mutation ?? true,
    expectRecovery: written.expect_recovery ?? false,
    maxRecoveryTurns: written.max_recovery_turns ?? 3,
    maxRepeatedFailures: written.max_repeated_failures ?? 1,
    forbiddenTools: written.forbidden_tools ?? [],
    forbiddenShellPatterns: written.forbidden_shell_patterns ?? [],
  };
}

function behaviorOf(written: WrittenBehavior): BehaviorExpectations {
  return {
    requirePlan: written.require_plan ?? false,
    planWithinFirstAssistantMessages: written.plan_within_first_assistant_messages ?? 2,
    requireProgressUpdates: written.require_progress_updates ?? false,
    minProgressUpdates: written.min_progress_updates ?? 1,
    requireBlockerExplanation: written.require_blocker_explanation ?? false,
    requireRefusalWhenImpossible: written.require_refusal_when_impossible ?? false,
    forbidDestructiveCommands: written.forbid_destructive_commands ?? true,
  };
}

function judgeOf(written: WrittenJudge): JudgeExpectations {
  return {
    rubric: written.rubric,
    artifactPaths: written.artifact_paths ?? [],
    includeTranscript: written.include_transcript ?? true,
    includeCompletionFeedback: written.include_completion_feedback ?? true,
    maxArtifactChars: written.max_artifact_chars ?? 4000,
    maxTranscriptChars: written.max_transcript_chars ?? 4000,
    passingThreshold: written.passing_threshold ?? 0.7,
  };
}
