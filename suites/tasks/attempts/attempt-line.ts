import { z } from "zod";
import type { Observation } from "../contract/observation.ts";
import type { TaskScore } from "../contract/scoring-profile.ts";

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
  /** Where the work was done. */
  readonly place?: AttemptPlace;
}

export interface AttemptPlace {
  /** What held it; a kind of sandbox. */
  readonly sandbox: string;
  /** The workspace as it was left, relative to the segment's folder; null: it was removed. */
  readonly workspace: string | null;
}

const share = z.number().nullable();

const findingSchema = z.looseObject({
  at: z.string(),
  type: z.string(),
  value: share,
  points: z.object({ earned: z.number(), possible: z.number() }).nullable(),
  detail: z.string(),
});

const turnSchema = z.looseObject({
  message: z.string(),
  reply: z.string().nullable(),
  assistant: z.array(z.object({ text: z.string(), calls: z.number().int() })),
  status: z.string(),
  promptedNs: z.number(),
  endedNs: z.number(),
  changedFiles: z.array(z.string()),
});

const callSchema = z.looseObject({
  turn: z.number().int(),
  name: z.string(),
  argumentsText: z.string(),
  result: z.string(),
  error: z.boolean(),
  startedNs: z.number(),
  endedNs: z.number(),
});

const taskSchema = z.looseObject({
  id: z.string(),
  name: z.string(),
  suite: z.string(),
  difficulty: z.string().nullable(),
  tier: z.number().int().nullable(),
  profile: z.looseObject({ format: z.enum(["agentbench", "clawbench"]) }),
});

/** Of an observation what its readers look at; that it is one whole is the business of who wrote it. */
const readOfObservation = z.looseObject({
  task: taskSchema,
  turns: z.array(turnSchema),
  calls: z.array(callSchema),
  findings: z.array(findingSchema),
  crash: z.string().nullable(),
  tokens: z.object({ prompt: z.number().nullable(), completion: z.number().nullable() }),
  modelCalls: z.number().int(),
  durationMs: z.number(),
  judgements: z.record(z.string(), z.looseObject({ score: z.number(), model: z.string() })),
});

const observationSchema = z.unknown().transform((value, context): Observation => {
  const read = readOfObservation.safeParse(value);
  if (read.success) return value as Observation;
  for (const { path, message } of read.error.issues)
    context.addIssue({ code: "custom", path: [...path], message });
  return z.NEVER;
});

const scoreSchema = z.object({
  value: share,
  passed: z.boolean().nullable(),
  parts: z.record(z.string(), share),
  missing: z.record(z.string(), z.string()),
  breakdown: z.record(z.string(), z.unknown()),
  by: z.record(z.string(), z.enum(["rules", "judge"])),
});

/** Other fields of a line are left as they are. */
export const attemptLineSchema = z.object({
  v: z.literal(1),
  episodeId: z.string(),
  attemptKey: z.string(),
  suite: z.object({ name: z.string(), version: z.string().nullable() }),
  profile: z.object({ format: z.enum(["agentbench", "clawbench"]), version: z.string() }),
  observation: observationSchema,
  score: scoreSchema.nullable(),
  place: z.looseObject({ sandbox: z.string(), workspace: z.string().nullable() }).optional(),
});

export type StoredAttempt = z.infer<typeof attemptLineSchema>;

/** The line as it is appended, with its end. */
export function attemptLine(line: AttemptLine): string {
  return `${JSON.stringify(line)}\n`;
}
