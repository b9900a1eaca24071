import { z } from "zod";
import {
  count,
  idWord,
  pattern,
  programWord,
  text,
  timeoutSeconds,
  versionWord,
  workspacePath,
} from "../words.ts";

/** What nothing is written behind is null for YAML, and means the same as no such key. */
const listOf = <Item extends z.ZodType>(item: Item) => z.array(item).nullish();
const list = listOf(z.string());
const flag = z.boolean().optional();
/** An empty one is none, as in the original. */
const maybePattern = z.union([z.literal(""), pattern]).nullish();
const number = count.optional();
const share = z.number().min(0).max(1);
/** Values of variables may be written without quotes. */
const environment = z.record(z.string(), z.union([z.string(), z.number(), z.boolean()])).nullish();

const turn = z.object({
  message: text,
  variant_messages: z.record(z.string(), z.string()).nullish(),
  after_assistant_turns: count.nullish(),
  when_tool_family: z.string().nullish(),
  when_tool_name: maybePattern,
  when_assistant_contains: maybePattern,
  when_last_tool_failed: flag,
});

const user = z.object({
  turns: z.array(turn).min(1, "the user says nothing: write a turn with a message"),
  max_turns: z.number().int().min(1).optional(),
});
export type WrittenUser = z.output<typeof user>;

const service = z.object({
  name: idWord,
  command: text,
  cwd: workspacePath.optional(),
  env: environment,
  port: z.number().int().min(1).max(65_535).nullish(),
  port_env: z.string().optional(),
  url_template: z.string().nullable().optional(),
  ready_path: z.string().nullable().optional(),
  ready_status: z.number().int().optional(),
  ready_contains: z.string().nullish(),
  ready_file: workspacePath.nullish(),
  startup_timeout_seconds: timeoutSeconds.optional(),
});
export type WrittenService = z.output<typeof service>;

const fileState = z.object({
  path: workspacePath,
  exists: flag,
  content_contains: list,
  content_not_contains: list,
  content_matches: maybePattern,
  min_size_bytes: number,
});
export type WrittenFileState = z.output<typeof fileState>;

const executionCheck = z.object({
  name: text,
  command: text,
  cwd: workspacePath.optional(),
  env: environment,
  timeout_seconds: timeoutSeconds.optional(),
  shell: flag,
  expected_exit_code: z.number().int().optional(),
  stdout_contains: list,
  stdout_not_contains: list,
  stderr_contains: list,
  stdout_matches: maybePattern,
  stderr_matches: maybePattern,
  expected_stdout: z.string().nullish(),
  expected_stdout_file: workspacePath.nullish(),
  expected_json: z.unknown().optional(),
  expected_json_file: workspacePath.nullish(),
});
export type WrittenCheck = z.output<typeof executionCheck>;

/** Asked of a gateway's own state, which no workspace holds. */
const state = z.record(z.string(), z.unknown());

const trajectory = z.object({
  required_families: list,
  required_pre_edit_families: list,
  required_post_edit_families: list,
  min_distinct_families: number,
  min_pre_edit_exploration_calls: number,
  min_distinct_read_targets_pre_edit: number,
  min_post_edit_verification_calls: number,
  min_distinct_mutation_targets: number,
  min_successful_delegations: number,
  require_read_before_mutation: flag,
  require_self_verification: flag,
  require_verification_after_last_mutation: flag,
  expect_recovery: flag,
  max_recovery_turns: number,
  max_repeated_failures: number,
  forbidden_tools: listOf(pattern),
  forbidden_shell_patterns: listOf(pattern),
});
export type WrittenTrajectory = z.output<typeof trajectory>;

const behavior = z.object({
  require_plan: flag,
  plan_within_first_assistant_messages: number,
  require_progress_updates: flag,
  min_progress_updates: number,
  require_blocker_explanation: flag,
  require_refusal_when_impossible: flag,
  forbid_destructive_commands: flag,
});
export type WrittenBehavior = z.output<typeof behavior>;

const judge = z.object({
  rubric: text,
  artifact_paths: listOf(workspacePath),
  include_transcript: flag,
  include_completion_feedback: flag,
  max_artifact_chars: number,
  max_transcript_chars: number,
  passing_threshold: share.optional(),
});
export type WrittenJudge = z.output<typeof judge>;

const tier = z
  .union([z.string(), z.number()])
  .refine((written) => /^(tier)?[1-5]$/.test(String(written)), "must be tier1 to tier5")
  .transform((written) => Number(String(written).replace("tier", "")));

/** A task of ClawBench. `description`, `network`, `browser` and `programs` are ours; nobody else needs to know them. */
export const taskSchema = z
  .object({
    id: idWord,
    name: text,
    tier,
    family: idWord,
    surface: z.string().default(""),
    scenario: z.string().nullish(),
    query_weight: z.number().min(0).optional(),
    capabilities: list,
    release_id: versionWord.optional(),
    timeout_seconds: timeoutSeconds.optional(),
    pass_threshold: share.optional(),
    setup: z
      .object({
        asset_packs: listOf(workspacePath),
        workspace_files: listOf(workspacePath),
        background_services: listOf(service),
      })
      .nullish(),
    user: user.nullish(),
    phases: listOf(z.object({ name: text, user, timeout_seconds: timeoutSeconds.nullish() })),
    completion: z
      .object({
        files: listOf(fileState),
        execution_checks: listOf(executionCheck),
        memory: listOf(state),
        session: state.nullish(),
        cron: listOf(state),
        gateway_assertions: listOf(state),
      })
      .nullish(),
    trajectory: trajectory.nullish(),
    behavior: behavior.nullish(),
    judge: judge.nullish(),
    description: z.string().optional(),
    network: flag,
    browser: flag,
    programs: listOf(programWord),
  })
  .superRefine((task, context) => {
    if (!task.user && (task.phases ?? []).length === 0)
      context.addIssue({
        code: "custom",
        path: ["user"],
        message: "the user says nothing: write user or phases, with turns",
      });
    const names = (task.setup?.background_services ?? []).map(({ name }) => name);
    for (const [index, name] of names.entries())
      if (names.indexOf(name) !== index)
        context.addIssue({
          code: "custom",
          path: ["setup", "background_services", index, "name"],
          message: `two services are called ${name}; placeholders could not tell them apart`,
        });
  });
export type ClawBenchFile = z.output<typeof taskSchema>;

/** `MANIFEST.yaml` beside the tiers: which of the tasks there are a release. */
export const manifestSchema = z.object({
  release: text.optional(),
  benchmark_version: versionWord.optional(),
  tasks: listOf(z.object({ id: idWord, path: workspacePath.optional() })),
});
