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

/** Decimals that whoever computed a score by hand has given it. */
const decimals = { agentbench: 5, clawbench: 4 } as const;

/** What an episode of one of our own tasks must be worth, as it was computed by hand beside its script. */
export function expectHandComputed(episode: EpisodeRecord, format: Format, script: string): void {
  const file = join("suites/tasks/own", format, "scripts", episode.taskId, "expected.json");
  const expected = expectedSchema.parse(JSON.parse(readFileSync(file, "utf8")))[script];
  if (expected === undefined) throw new Error(`${file} says nothing of ${script}`);
  const [first, ...parts] = episode.scores ?? [];
  const where = { task: episode.taskId, script, arm: episode.arm };
  const seen = { name: first?.name, value: rounded(first?.value, format), passed: first?.passed };
  const wanted = { name: format, value: rounded(expected.score, format), passed: expected.passed };
  expect({ ...where, ...seen }).toEqual({ ...where, ...wanted });
  expect(episode.reward).toBe(first?.value);
  if (expected.score === null) return;
  const seenParts = Object.fromEntries(parts.map(({ name, value }) => [name, rounded(value, format)]));
  const wantedParts = Object.entries(expected.parts).map(([name, value]) => [name, rounded(value, format)]);
  expect({ ...where, ...seenParts }).toMatchObject({ ...where, ...Object.fromEntries(wantedParts) });
}

function rounded(value: number | null | undefined, format: Format): number | null {
  return value === null || value === undefined ? null : Number(value.toFixed(decimals[format]));
}
