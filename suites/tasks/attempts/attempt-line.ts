import { z } from "zod";
import type { Observation } from "../scoring/observation.ts";
import type { TaskScore } from "../scoring/profile.ts";

/**
 * One line of `tasks.ndjson` in a segment's evidence: an attempt at a task as it was seen, and what it was worth by the
 * profile of that day. Written before the episode's record.
 */
export interface AttemptLine {
  readonly v: 1;
  readonly episodeId: string;
  readonly attemptKey: string;
  /** The folder of tasks, by its own name and version; null: it names none. */
  readonly suite: { readonly name: string; readonly version: string | null };
  /** By which the score was made. */
  readonly profile: { readonly format: "agentbench" | "clawbench"; readonly version: string };
  readonly observation: Observation;
  /** null: a part failed before anything could be scored. */
  readonly score: TaskScore | null;
}

const share = z.number().nullable();

const findingSchema = z.object({
  at: z.string(),
  type: z.string(),
  value: share,
  points: z.object({ earned: z.number(), possible: z.number() }).nullable(),
  detail: z.string(),
  command: z.object({ exitCode: z.number().nullable(), stdout: z.string(), stderr: z.string() }).optional(),
});

const turnSchema = z.object({
  message: z.string(),
  reply: z.string().nullable(),
  status: z.string(),
  promptedNs: z.number(),
  endedNs: z.number(),
  changedFiles: z.array(z.string()),
});

const callSchema = z.object({
  turn: z.number().int(),
  name: z.string(),
  argumentsText: z.string(),
  result: z.string(),
  error: z.boolean(),
  startedNs: z.number(),
  endedNs: z.number(),
});

/** Of the task what outputs show; it is stored whole. */
const taskSchema = z.looseObject({
  id: z.string(),
  name: z.string(),
  suite: z.string(),
  difficulty: z.string().nullable(),
  tier: z.number().int().nullable(),
  profile: z.looseObject({ format: z.enum(["agentbench", "clawbench"]) }),
});

const scoreSchema = z.object({
  value: share,
  passed: z.boolean().nullable(),
  parts: z.record(z.string(), share),
  missing: z.record(z.string(), z.string()),
  breakdown: z.record(z.string(), z.unknown()),
  by: z.record(z.string(), z.enum(["rules", "judge"])),
});

/** What readers take of a line; other fields are left as they are. */
export const attemptLineSchema = z.object({
  v: z.literal(1),
  episodeId: z.string(),
  attemptKey: z.string(),
  suite: z.object({ name: z.string(), version: z.string().nullable() }),
  profile: z.object({ format: z.enum(["agentbench", "clawbench"]), version: z.string() }),
  observation: z.object({
    task: taskSchema,
    turns: z.array(turnSchema),
    calls: z.array(callSchema),
    findings: z.array(findingSchema),
    crash: z.string().nullable(),
    tokens: z.object({ prompt: z.number().nullable(), completion: z.number().nullable() }),
    modelCalls: z.number().int(),
    durationMs: z.number(),
    judgements: z.record(
      z.string(),
      z.object({
        score: z.number(),
        parts: z.record(z.string(), z.number()),
        reason: z.string(),
        model: z.string(),
      }),
    ),
  }),
  score: scoreSchema.nullable(),
});

export type StoredAttempt = z.infer<typeof attemptLineSchema>;

/** The line as it is appended, with its end. */
export function attemptLine(line: AttemptLine): string {
  return `${JSON.stringify(line)}\n`;
}
