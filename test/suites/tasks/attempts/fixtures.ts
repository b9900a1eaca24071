import type { AttemptLine } from "../../../../suites/tasks/attempts/attempt-line.ts";
import type { ObservedCall } from "../../../../suites/tasks/contract/observation.ts";
import type { TaskScore } from "../../../../suites/tasks/contract/scoring-profile.ts";
import type { WorkspaceTask } from "../../../../suites/tasks/contract/task.ts";
import { noBehavior, noTrajectory } from "../scoring/observed.ts";

/** A task in AgentBench's form. */
export function agentBenchTask(changed: Partial<WorkspaceTask> = {}): WorkspaceTask {
  return {
    id: "tidy-notes",
    name: "Tidy notes",
    suite: "file-creation",
    version: "1.0.0",
    file: "/tasks/file-creation/tidy-notes/task.yaml",
    description: "Sorts notes into a list",
    difficulty: "easy",
    tier: null,
    inputs: [{ from: "/tasks/file-creation/tidy-notes/inputs/notes.txt", to: "notes.txt" }],
    setup: null,
    teardown: null,
    services: [],
    turns: [
      {
        message: "Sort the notes into list.md.",
        expect: null,
        validators: [],
        conditions: null,
        newSession: false,
      },
    ],
    timeoutMs: null,
    network: false,
    browser: false,
    programs: [],
    profile: {
      format: "agentbench",
      weights: [0.15, 0.25, 0.25, 0.35],
      outputs: [
        { pattern: "list.md", required: true, validators: [{ type: "file-exists", path: "list.md" }] },
      ],
      behavior: [],
      metrics: { toolCalls: [2, 5], planningRatio: [0.1, 0.5] },
      mode: "sandboxed",
    },
    unknown: { expected_turns: 3 },
    ...changed,
  };
}

/** A task in ClawBench's form, of its second tier. */
export function clawBenchTask(changed: Partial<WorkspaceTask> = {}): WorkspaceTask {
  return {
    ...agentBenchTask(),
    suite: "coding",
    difficulty: null,
    tier: 2,
    profile: {
      format: "clawbench",
      passThreshold: 0.7,
      surface: "cli",
      scenario: null,
      queryWeight: 1,
      capabilities: ["edit"],
      files: [],
      executionChecks: [],
      stateAssertions: [],
      trajectory: {
        ...noTrajectory,
        requireVerificationAfterLastMutation: false,
        maxRepeatedFailures: 0,
      },
      behavior: {
        ...noBehavior,
        planWithinFirstAssistantMessages: 1,
        minProgressUpdates: 0,
        forbidDestructiveCommands: false,
      },
      judge: null,
    },
    ...changed,
  };
}

export function call(name: string, of: Partial<ObservedCall> = {}): ObservedCall {
  return {
    turn: 0,
    name,
    argumentsText: '{"path":"notes.txt"}',
    result: "beta\nalpha\n",
    error: false,
    startedNs: 2_000_000_000,
    endedNs: 2_010_000_000,
    ...of,
  };
}

export function score(changed: Partial<TaskScore> = {}): TaskScore {
  return {
    value: 0.8,
    passed: true,
    parts: { layer0: 1, layer1: 0.7, layer2: null, layer3: null },
    missing: { layer2: "no judge is named", layer3: "no judge is named" },
    breakdown: { layer1: { toolCalls: 40, planningRatio: 0, errors: 30 } },
    by: { layer0: "rules", layer1: "rules" },
    ...changed,
  };
}

/** One attempt at one task, as a workload writes it. */
export function attempt({
  taskId,
  episodeId = `${taskId}-0`,
  task = {},
  calls = [call("read"), call("write", { startedNs: 3_000_000_000, endedNs: 3_020_000_000 })],
  scored = score(),
  crash = null,
}: {
  readonly taskId: string;
  readonly episodeId?: string;
  readonly task?: Partial<WorkspaceTask>;
  readonly calls?: readonly ObservedCall[];
  readonly scored?: TaskScore | null;
  readonly crash?: string | null;
}): AttemptLine {
  const whole = agentBenchTask({ id: taskId, name: `Task ${taskId}`, ...task });
  const [turn] = whole.turns;
  return {
    v: 1,
    episodeId,
    attemptKey: `${episodeId}-a1`,
    suite: { name: "own", version: "1.0.0" },
    profile: { format: whole.profile.format, version: "1" },
    observation: {
      task: whole,
      turns: [
        {
          message: turn?.message ?? "",
          reply: "Done: list.md holds the notes in order.",
          assistant: [
            { text: "I read the notes first.", calls: 2 },
            { text: "Done: list.md holds the notes in order.", calls: 0 },
          ],
          status: "completed",
          promptedNs: 1_000_000_000,
          endedNs: 5_000_000_000,
          changedFiles: ["list.md"],
        },
      ],
      calls,
      findings: [
        {
          at: "outputs[0].validators[0]",
          type: "file-exists",
          value: 1,
          points: { earned: 30, possible: 30 },
          detail: "list.md is there",
        },
      ],
      crash,
      tokens: { prompt: 1200, completion: 85 },
      modelCalls: 3,
      durationMs: 4000,
      judgements: {},
      unjudged: {},
    },
    score: scored,
  };
}
