import { readdir, rename } from "node:fs/promises";
import { join } from "node:path";
import { readTapTimings } from "../../evidence/tap-timing.ts";
import { engineSampleSchema, type EngineSample } from "../../store/engine-sample.ts";
import { eachJsonLine, exists, type StoreWarning } from "../../store/read-run.ts";
import { systemErrorCode } from "../../store/storage-error.ts";
import type { Serving } from "../files/step-line.ts";
import { servingOf, type SeenServing } from "./serving-of.ts";

export const servingPhases = ["before", "during", "after"] as const;
export type ServingPhase = (typeof servingPhases)[number];

export interface StretchPlace {
  readonly preference: string;
  /** null: the baseline. */
  readonly step: number | null;
  /** One under load, `samples`, or the name of a metric. */
  readonly phase: string;
}

/** Where the evidence of a stretch of a step lies. */
export function stretchDirectory(runDirectory: string, { preference, step, phase }: StretchPlace): string {
  return join(runDirectory, "evidence", preference, step === null ? "baseline" : `step-${step}`, phase);
}

/** What was seen of a stretch; nothing where there is none. Throws RunUnreadableError for evidence that is damaged. */
export async function readStretch(
  directory: string,
  /** What was left out, for the report. */
  warnings: StoreWarning[] = [],
): Promise<SeenServing> {
  const timings = await readTapTimings(directory, warnings);
  const samples: EngineSample[] = [];
  const file = { path: join(directory, "engines.ndjson"), schema: engineSampleSchema };
  await eachJsonLine(file, warnings, (sample) => samples.push(sample));
  return { timings, samples };
}

export type ServingOfPhases = Readonly<Record<ServingPhase, Serving>>;

/** Over all steps of a preference, from what was seen; null where nothing was measured. */
export async function servingOfRun(
  runDirectory: string,
  preference: string,
): Promise<ServingOfPhases | null> {
  const steps = (await namesIn(join(runDirectory, "evidence", preference))).filter((name) =>
    name.startsWith("step-"),
  );
  const phases = await Promise.all(
    servingPhases.map(async (phase) => {
      const seen: SeenServing[] = [];
      for (const step of steps)
        seen.push(await readStretch(join(runDirectory, "evidence", preference, step, phase)));
      return servingOf(seen);
    }),
  );
  const [before = null, during = null, after = null] = phases;
  return before === null || during === null || after === null ? null : { before, during, after };
}

async function namesIn(directory: string): Promise<readonly string[]> {
  try {
    return await readdir(directory);
  } catch (thrown) {
    if (systemErrorCode(thrown) === "ENOENT") return [];
    throw thrown;
  }
}

/** A driver that was killed within a stretch left half of it: it is kept, under another name, and counts for nothing. */
export async function setAside(directory: string): Promise<void> {
  if (!(await exists(directory))) return;
  for (let number = 1; ; number += 1) {
    const aside = `${directory}.broken-off-${number}`;
    if (await exists(aside)) continue;
    await rename(directory, aside);
    return;
  }
}
