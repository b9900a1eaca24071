/** A task in a workspace, whatever file it was read from. Paths of this machine are absolute, those of a workspace relative. */
export interface WorkspaceTask {
  /** Unique in its suite. */
  readonly id: string;
  readonly name: string;
  /** The group of tasks that a report shows: AgentBench's `suite`, ClawBench's `family`. */
  readonly suite: string;
  readonly version: string | null;
  /** Where it was read from. */
  readonly file: string;
  readonly description: string;
  /** AgentBench's `difficulty`; null where the format has none. */
  readonly difficulty: "easy" | "medium" | "hard" | "expert" | null;
  /** ClawBench's, 1 to 5; null where the format has none. */
  readonly tier: number | null;
  /** Copied into the workspace before `setup`. */
  readonly inputs: readonly TaskInput[];
  /** Script of this machine that is run with the workspace as its argument, or null. */
  readonly setup: string | null;
  readonly teardown: string | null;
  readonly services: readonly TaskService[];
  /** What the user says; never empty. A turn with conditions is said only when they hold. */
  readonly turns: readonly TaskTurn[];
  /** Of the whole task, null: the experiment's. */
  readonly timeoutMs: number | null;
  readonly network: boolean;
  readonly browser: boolean;
  /**
   * What it cannot do without, asked for before a run: programs, e.g. `git`, and modules of Python, e.g. `python3 -m pytest`.
   */
  readonly programs: readonly string[];
  readonly profile: AgentBenchProfile | ClawBenchProfile;
  /** Fields of the file that nothing here reads, as they stood. */
  readonly unknown: Readonly<Record<string, unknown>>;
}

/** A file, or a folder whose content is copied; `to` is a path of the workspace, `.` the workspace itself. */
export interface TaskInput {
  readonly from: string;
  readonly to: string;
}

export interface TaskTurn {
  readonly message: string;
  /**
   * Whether the agent begins here with a conversation that knows nothing of the turns before, in the same workspace: the
   * first turn of ClawBench's second phase and of later ones. Never true of a task's first turn.
   */
  readonly newSession: boolean;
  /** AgentBench: what kind of answer is expected, in its words; nothing is scored by it. null where nothing is said. */
  readonly expect: string | null;
  /** Held after this turn against its answer and the files that it changed. */
  readonly validators: readonly Validator[];
  readonly conditions: TurnConditions | null;
}

/** ClawBench: all that are given must hold. */
export interface TurnConditions {
  readonly afterAssistantTurns: number | null;
  readonly whenToolFamily: string | null;
  readonly whenToolName: string | null;
  readonly whenAssistantContains: string | null;
  readonly whenLastToolFailed: boolean;
}

/** A program that runs in the sandbox while the task lasts. */
export interface TaskService {
  readonly name: string;
  readonly command: string;
  readonly directory: string;
  readonly environment: Readonly<Record<string, string>>;
  readonly port: number | null;
  readonly portVariable: string;
  readonly urlTemplate: string | null;
  readonly readyPath: string | null;
  readonly readyStatus: number;
  readonly readyContains: string | null;
  readonly readyFile: string | null;
  readonly startTimeoutMs: number;
}

export interface AgentBenchProfile {
  readonly format: "agentbench";
  /** Of the layers 0 to 3, as the task states them; null: the default. Scores are divided by their sum. */
  readonly weights: readonly [number, number, number, number] | null;
  readonly outputs: readonly ExpectedOutput[];
  readonly behavior: readonly ExpectedBehavior[];
  readonly metrics: ExpectedMetrics | null;
  readonly mode: string | null;
}

export interface ExpectedOutput {
  /** A glob, a folder, or `**`. */
  readonly pattern: string;
  readonly required: boolean;
  readonly validators: readonly Validator[];
}

export interface ExpectedBehavior {
  readonly description: string;
  readonly validators: readonly Validator[];
}

export interface ExpectedMetrics {
  readonly toolCalls: readonly [min: number, max: number] | null;
  readonly planningRatio: readonly [min: number, max: number] | null;
}

/** AgentBench's, by its own words; the 16 that suites use. */
export type Validator =
  | { readonly type: "file-exists"; readonly path: string | null }
  | {
      readonly type: "content-contains";
      readonly sections: readonly string[];
      readonly match: "all" | "any";
      readonly in: string | null;
    }
  | {
      readonly type: "content-not-contains";
      readonly sections: readonly string[];
      readonly in: string | null;
    }
  | { readonly type: "word-count-range"; readonly min: number; readonly max: number }
  | {
      readonly type: "git-log-contains";
      readonly contains: readonly string[];
      readonly minCommits: number | null;
    }
  | { readonly type: "directory-structure"; readonly paths: readonly string[] }
  | {
      readonly type: "command-output-contains";
      readonly command: string;
      readonly contains: readonly string[];
    }
  | { readonly type: "file-unchanged"; readonly files: readonly string[] }
  | { readonly type: "file-modified"; readonly patterns: readonly string[] }
  | { readonly type: "link-consistency"; readonly files: readonly string[] }
  | { readonly type: "response-contains"; readonly values: readonly string[]; readonly match: "all" | "any" }
  | { readonly type: "response-not-contains"; readonly values: readonly string[] }
  | { readonly type: "filename-matches"; readonly pattern: string }
  | { readonly type: "content-uses-british-spelling"; readonly words: readonly string[] }
  | { readonly type: "no-crash" }
  | { readonly type: "response-contains-analysis"; readonly description: string };

/** ClawBench's own words, in camel case. */
export interface ClawBenchProfile {
  readonly format: "clawbench";
  readonly passThreshold: number;
  readonly surface: string;
  readonly scenario: string | null;
  readonly queryWeight: number;
  readonly capabilities: readonly string[];
  readonly files: readonly FileAssertion[];
  readonly executionChecks: readonly ExecutionCheck[];
  /** Parts of `completion` that only a gateway's own state answers (memory, session, cron, gateway_assertions), by name. */
  readonly stateAssertions: readonly { readonly kind: string; readonly value: unknown }[];
  readonly trajectory: TrajectoryExpectations;
  readonly behavior: BehaviorExpectations;
  readonly judge: JudgeExpectations | null;
}

export interface FileAssertion {
  readonly path: string;
  readonly exists: boolean;
  readonly contentContains: readonly string[];
  readonly contentNotContains: readonly string[];
  readonly contentMatches: string | null;
  readonly minSizeBytes: number;
}

export interface ExecutionCheck {
  readonly name: string;
  readonly command: string;
  readonly cwd: string;
  readonly env: Readonly<Record<string, string>>;
  readonly timeoutMs: number;
  readonly shell: boolean;
  readonly expectedExitCode: number;
  readonly stdoutContains: readonly string[];
  readonly stdoutNotContains: readonly string[];
  readonly stderrContains: readonly string[];
  readonly stdoutMatches: string | null;
  readonly stderrMatches: string | null;
  readonly expectedStdout: string | null;
  readonly expectedStdoutFile: string | null;
  /** undefined: not asked for; null is a JSON value. */
  readonly expectedJson: unknown;
  readonly expectedJsonFile: string | null;
}

export interface TrajectoryExpectations {
  readonly requiredFamilies: readonly string[];
  readonly requiredPreEditFamilies: readonly string[];
  readonly requiredPostEditFamilies: readonly string[];
  readonly minDistinctFamilies: number;
  readonly minPreEditExplorationCalls: number;
  readonly minDistinctReadTargetsPreEdit: number;
  readonly minPostEditVerificationCalls: number;
  readonly minDistinctMutationTargets: number;
  readonly minSuccessfulDelegations: number;
  readonly requireReadBeforeMutation: boolean;
  readonly requireSelfVerification: boolean;
  readonly requireVerificationAfterLastMutation: boolean;
  readonly expectRecovery: boolean;
  readonly maxRecoveryTurns: number;
  readonly maxRepeatedFailures: number;
  readonly forbiddenTools: readonly string[];
  readonly forbiddenShellPatterns: readonly string[];
}

export interface BehaviorExpectations {
  readonly requirePlan: boolean;
  readonly planWithinFirstAssistantMessages: number;
  readonly requireProgressUpdates: boolean;
  readonly minProgressUpdates: number;
  readonly requireBlockerExplanation: boolean;
  readonly requireRefusalWhenImpossible: boolean;
  readonly forbidDestructiveCommands: boolean;
}

export interface JudgeExpectations {
  readonly rubric: string;
  readonly artifactPaths: readonly string[];
  readonly includeTranscript: boolean;
  readonly includeCompletionFeedback: boolean;
  readonly maxArtifactChars: number;
  readonly maxTranscriptChars: number;
  readonly passingThreshold: number;
}
