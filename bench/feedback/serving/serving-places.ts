import { readdir } from "node:fs/promises";
import { join } from "node:path";
import { readTapTimings } from "../../evidence/tap-timing.ts";
import { engineSampleSchema, type EngineSample } from "../../store/engine-sample.ts";
import { eachJsonLine, type StoreWarning } from "../../store/read-run.ts";
import { systemErrorCode } from "../../store/storage-error.ts";
import type { Serving } from "../files/step-line.ts";
import { servingOf, type SeenServing } from "./serving-of.ts";

export const servingPhases = ["before", "during", "after"] as const;
export type ServingPhase = (typeof servingPhases)[number];

/** Where the evidence of a stretch lies: of the baseline, or of a step. */
export function stretchDirectory(
  runDirectory: string,
  place: { readonly preference: string; readonly step: number | null; readonly phase: ServingPhase | "work" },
): string {
  const { preference, step, phase } = place;
  return join(runDirectory, "evidence", preference, step === null ? "baseline" : `step-${step}`, phase);
}

/** A stretch that was broken off and measured again lies beside the one that counts, see `ServingWindows`. */
export async function readStretch(directory: string): Promise<SeenServing> {
  const warnings: StoreWarning[] = [];
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
