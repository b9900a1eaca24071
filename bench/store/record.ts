import { z } from "zod";
import { plannedCellSchema } from "./run-json.ts";

/**
 * The lines of `records.jsonl`. One declaration per shape: the schema is the type. Readers ignore unknown keys, so a
 * field may be added without a new version; renaming or removing one raises `v`.
 * Times named `*Ns` are monotonic nanoseconds of the driver's host; `at` is wall clock, ISO 8601, for labels only.
 */
const version = z.literal(1);
const usageFields = {
  requests: z.number().int(),
  promptTokens: z.number().int().nullable(),
  completionTokens: z.number().int().nullable(),
  /** null where the engine does not report cached tokens: absent is not zero. */
  cachedTokens: z.number().int().nullable(),
};

export const runStartedSchema = z.object({
  v: version,
  type: z.literal("run-started"),
  runId: z.string(),
  at: z.string(),
  /** Episodes and cells that this run will have when it is complete. */
  plannedEpisodes: z.number().int(),
  plannedCells: z.number().int(),
  resumed: z.boolean(),
  /** Of what measures from here on, as in `run.json`; absent in older runs. */
  versions: z.record(z.string(), z.string().nullable()).optional(),
  git: z.object({ revision: z.string(), dirty: z.boolean() }).nullish(),
});

/** Cells that were decided on while the run goes on, before they are measured; only in runs with a `search`. */
export const cellsPlannedSchema = z.object({
  v: version,
  type: z.literal("cells-planned"),
  at: z.string(),
  cells: z.array(plannedCellSchema),
});

export const segmentStartedSchema = z.object({
  v: version,
  type: z.literal("segment-started"),
  cellId: z.string(),
  segmentId: z.string(),
  at: z.string(),
  startedNs: z.number(),
});

export const episodeSchema = z.object({
  v: version,
  type: z.literal("episode"),
  episodeId: z.string().regex(/^[0-9a-f]{16}$/),
  cellId: z.string(),
  segmentId: z.string(),
  /** The attempt that gave this result; what other attempts of the episode cost is waste. Filled in by the store. */
  attemptKey: z.string().optional(),
  arm: z.string(),
  load: z.string(),
  repetition: z.number().int(),
  /** Configuration of the agent's engine; absent where the experiment has no `sweep.variants`. */
  variant: z.string().optional(),
  domain: z.string(),
  /** The task's place on each of the run's axes; absent where the workload has none. */
  axes: z.record(z.string(), z.union([z.string(), z.number()])).optional(),
  taskId: z.string(),
  trial: z.number().int(),
  seed: z.number().int(),
  agent: z.object({ name: z.string(), version: z.string() }),
  simulated: z.boolean(),
  status: z.enum(["completed", "failed", "timed-out", "cancelled"]),
  termination: z.string().nullable(),
  /** Why it ended so, in words, e.g. what the agent's error was; null where the word says all. Absent in older runs. */
  terminationDetail: z.string().nullable().optional(),
  reward: z.number().nullable(),
  rewardBasis: z.array(z.string()).nullable(),
  /** The first is the reward. Absent in runs of an older Tollgate, and where the episode failed. */
  scores: z
    .array(z.object({ name: z.string(), value: z.number().nullable(), passed: z.boolean().nullable() }))
    .optional(),
  failure: z.object({ class: z.string(), message: z.string() }).nullable(),
  labels: z.array(z.string()),
  startedNs: z.number(),
  endedNs: z.number(),
  steps: z.number().int(),
  toolCalls: z.number().int(),
  toolErrors: z.number().int(),
  ...usageFields,
  userUsage: z.object(usageFields),
  /** Milliseconds the arm's session calls took; null for an arm without sessions. */
  /** Earlier attempts of this episode that a failed part ended, in `tollgate collect` only; what they cost is waste. */
  retries: z.number().int().optional(),
  sessionMs: z
    .object({ start: z.number(), reward: z.number().nullable(), export: z.number().nullable() })
    .nullable(),
  /** Token ids that a recording gateway logged for this attempt; absent where none records. */
  loggedTokens: z
    .object({
      calls: z.number().int(),
      promptTokens: z.number().int().nullable(),
      outputTokens: z.number().int().nullable(),
    })
    .optional(),
});

export const segmentEndedSchema = z.object({
  v: version,
  type: z.literal("segment-ended"),
  cellId: z.string(),
  segmentId: z.string(),
  at: z.string(),
  startedNs: z.number(),
  endedNs: z.number(),
  /** `complete`: every episode of the cell is finished. `interrupted`: a signal ended it early. */
  reason: z.enum(["complete", "interrupted", "engine-died"]),
  drained: z.boolean(),
});

/** Summary of a cell over its segments; `summary` is `CellSummary` of bench/report, rebuilt by `tollgate report`. */
export const cellSchema = z.object({
  v: version,
  type: z.literal("cell"),
  cellId: z.string(),
  at: z.string(),
  summary: z.record(z.string(), z.unknown()),
});

/** A step of the preference loop, written after its line in `<preference>/steps.jsonl`. */
export const feedbackStepSchema = z.object({
  v: version,
  type: z.literal("feedback-step"),
  at: z.string(),
  preference: z.string(),
  /** 0-based. */
  step: z.number().int(),
  seconds: z.number(),
  /** Updates that were made. */
  updates: z.number().int(),
  /** Samples of its batch that have no answer. */
  failedSamples: z.number().int(),
  /** Things that the step's line names as missing. */
  missing: z.number().int(),
});

export const runEndedSchema = z.object({
  v: version,
  type: z.literal("run-ended"),
  at: z.string(),
  reason: z.enum(["complete", "interrupted", "failed"]),
  exitCode: z.number().int(),
  error: z.string().nullable(),
});

export const recordSchema = z.discriminatedUnion("type", [
  runStartedSchema,
  cellsPlannedSchema,
  segmentStartedSchema,
  episodeSchema,
  segmentEndedSchema,
  cellSchema,
  feedbackStepSchema,
  runEndedSchema,
]);

export type RunRecord = z.infer<typeof recordSchema>;
export type EpisodeRecord = z.infer<typeof episodeSchema>;
export type CellRecord = z.infer<typeof cellSchema>;
export type SegmentEndedRecord = z.infer<typeof segmentEndedSchema>;

const trajectoryToolCall = z.object({ id: z.string(), name: z.string(), arguments: z.string() });
const trajectoryUsage = z
  .object({
    promptTokens: z.number().int(),
    completionTokens: z.number().int(),
    cachedTokens: z.number().int().nullable(),
  })
  .nullable();

/** One line of `trajectories.jsonl`: an episode's conversation, stored once. Written before the episode's record. */
export const trajectorySchema = z.object({
  v: version,
  episodeId: z.string(),
  cellId: z.string(),
  segmentId: z.string(),
  attemptKey: z.string(),
  arm: z.string(),
  domain: z.string(),
  taskId: z.string(),
  trial: z.number().int(),
  seed: z.number().int(),
  agent: z.object({ name: z.string(), version: z.string() }),
  simulated: z.boolean(),
  status: z.string(),
  termination: z.string().nullable(),
  reward: z.number().nullable(),
  rewardInfo: z.unknown(),
  labels: z.array(z.string()),
  /** sha256 of the system message and of the tools array; their texts are in `evidence/texts/<sha256>.txt`. */
  systemSha256: z.string(),
  toolsSha256: z.string(),
  messages: z.array(
    z.union([
      z.object({
        role: z.enum(["assistant", "user"]),
        content: z.string().nullable(),
        /** What the model thought before it spoke; absent where it gave none, and in older runs. */
        reasoning: z.string().optional(),
        toolCalls: z.array(trajectoryToolCall).nullable(),
        requestId: z.string().nullable(),
        usage: trajectoryUsage,
      }),
      z.object({
        role: z.literal("tool"),
        toolCallId: z.string(),
        content: z.string(),
        error: z.boolean(),
        requestor: z.enum(["assistant", "user"]),
        answeredBy: z.enum(["tool-server", "agent"]),
      }),
    ]),
  ),
});
export type Trajectory = z.infer<typeof trajectorySchema>;
