import { readFileSync } from "node:fs";
import { join } from "node:path";
import { expect } from "vitest";
import { z } from "zod";
import type { EpisodeRecord } from "../../bench/store/record.ts";

const share = z.number().nullable();
const expectedSchema = z.record(
  z.string(),
  z.object({
    score: share,
    passed: z.boolean().nullable(),
    termination: z.string().optional(),
    parts: z.record(z.string(), share).default({}),
  }),
);

type Format = "agentbench" | "clawbench";

/** How far a score may be from one that was computed by hand and written with six decimals (ClawBench's: rounded to four by itself). */
const toleranceMax = 1e-6;

/** What an episode of one of our own tasks must be worth, as it was computed by hand beside its script. */
export function expectHandComputed(episode: EpisodeRecord, format: Format, script: string): void {
  const file = join("suites/tasks/own", format, "scripts", episode.taskId, "expected.json");
  const expected = expectedSchema.parse(JSON.parse(readFileSync(file, "utf8")))[script];
  if (expected === undefined) throw new Error(`${file} says nothing of ${script}`);
  const [first, ...parts] = episode.scores ?? [];
  const where = { task: episode.taskId, script, arm: episode.arm };
  const seen = { name: first?.name, value: near(first?.value, expected.score), passed: first?.passed };
  expect({ ...where, ...seen }).toEqual({
    ...where,
    name: format,
    value: expected.score,
    passed: expected.passed,
  });
  expect(episode.reward).toBe(first?.value);
  if (expected.score === null) return;
  const seenParts = parts.map(({ name, value }) => [name, near(value, expected.parts[name])]);
  expect({ ...where, ...Object.fromEntries(seenParts) }).toMatchObject({ ...where, ...expected.parts });
}

/** The expected value where the seen one is as near as its decimals can tell, else the seen one. */
function near(seen: number | null | undefined, expected: number | null | undefined): number | null {
  const value = seen ?? null;
  if (value === null || expected === null || expected === undefined) return value;
  return Math.abs(value - expected) <= toleranceMax ? expected : value;
}
