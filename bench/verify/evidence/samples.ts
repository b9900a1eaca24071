import { join } from "node:path";
import { z } from "zod";
import { readJsonLines, readTrajectories } from "../../store/read-run.ts";

const sampleSchema = z.object({
  attemptKey: z.string(),
  taskId: z.string(),
  trial: z.number(),
  scores: z.array(
    z.object({ name: z.string(), value: z.number().nullable(), passed: z.boolean().nullable() }),
  ),
});

/** What a workload wrote of an attempt before its record. */
export type WrittenSample = z.infer<typeof sampleSchema>;

/** By attempt; none where the stretch has no `samples.ndjson`. */
export async function readSamples(folder: string): Promise<ReadonlyMap<string, WrittenSample>> {
  const samples = new Map<string, WrittenSample>();
  for await (const { value } of readJsonLines(join(folder, "samples.ndjson"), sampleSchema, []))
    samples.set(value.attemptKey, value);
  return samples;
}

/** What the conversation of an attempt says of it. */
export interface WrittenOutcome {
  readonly domain: string;
  readonly taskId: string;
  readonly trial: number;
  readonly seed: number;
  readonly status: string;
  readonly termination: string | null;
  readonly reward: number | null;
}

/** By attempt, from `trajectories.jsonl`. */
export async function readOutcomes(directory: string): Promise<ReadonlyMap<string, WrittenOutcome>> {
  const outcomes = new Map<string, WrittenOutcome>();
  for await (const { trajectory } of readTrajectories(directory)) {
    const { attemptKey, domain, taskId, trial, seed, status, termination, reward } = trajectory;
    outcomes.set(attemptKey, { domain, taskId, trial, seed, status, termination, reward });
  }
  return outcomes;
}
