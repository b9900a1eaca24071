import { mkdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import { z } from "zod";
import { messageOf, RunUnreadableError, StartError } from "../../errors.ts";
import { AppendFile } from "../../store/append-file.ts";
import { exists } from "../../store/read-run.ts";
import { writeWhole } from "../../store/text-store.ts";
import {
  evalMetricsSchema,
  feedbackFiles,
  stepLineSchema,
  type EvalMetrics,
  type StepLine,
} from "../files/step-line.ts";
import type { Preference } from "../preferences/preference.ts";
import { TrainerError } from "../trainer/trainer-error.ts";
import { Journal, wholeLines } from "./journal.ts";
import type { LoopParts } from "./loop-parts.ts";
import { measureStep } from "./measurements.ts";
import { aloneStretch, runStep } from "./step.ts";

/** Named beside the source's own names. */
export const journalFile = "journal.jsonl";

const metadataSchema = z.object({ lora_id: z.string() });

export interface TrainedPreference {
  readonly preference: Preference;
  readonly loraId: string;
  readonly baseline: EvalMetrics;
  readonly steps: readonly StepLine[];
}

/** Told of each step when its line is on the disk; of those of earlier drivers, too. */
export type StepFinished = (line: StepLine) => Promise<void>;

/** Trains one preference from where an earlier driver left it, or from the beginning. */
export async function trainPreference(
  parts: LoopParts,
  preference: Preference,
  finished: StepFinished,
): Promise<TrainedPreference> {
  const folder = join(parts.runDirectory, preference.name);
  await mkdir(folder, { recursive: true });
  await using journal = await Journal.open(join(folder, journalFile));
  const loraId = await adapterOf(parts, preference, folder);
  const baseline = await baselineOf(parts, { preference, loraId, folder }, journal);
  const path = join(folder, feedbackFiles.steps);
  const { lines: steps, endByte } = await wholeLines(path, stepLineSchema);
  checkSteps(steps, path);
  await using file = await AppendFile.open(path);
  // A line that a driver did not finish is written again from the journal.
  if (file.length > endByte) await file.truncate(endByte);
  for (const line of steps) await finished(line);
  for (let step = steps.length; step < parts.settings.num_steps; step += 1) {
    parts.checkpoint();
    const page = journal.page(step, parts.nowMs);
    const line = await runStep(parts, { preference, loraId, step, baseline }, page);
    await file.appendLine(JSON.stringify(stepLineSchema.parse(line)));
    steps.push(line);
    await finished(line);
  }
  return { preference, loraId, baseline, steps };
}

/** Steps are appended in their order; anything else was written by another hand. @throws {RunUnreadableError} */
function checkSteps(steps: readonly StepLine[], path: string): void {
  const wrong = steps.findIndex(({ step }, index) => step !== index);
  if (wrong === -1) return;
  throw new RunUnreadableError(
    `${path}:${wrong + 1} is step ${steps[wrong]?.step}, where step ${wrong} is wanted. Restore the file from a copy, or start a new run.`,
  );
}

/** The adapter that the run has made, or a fresh one. @throws {StartError} with what the trainer said */
async function adapterOf(parts: LoopParts, preference: Preference, folder: string): Promise<string> {
  const path = join(folder, feedbackFiles.metadata);
  if (await exists(path)) return readJson(path, metadataSchema).then(({ lora_id }) => lora_id);
  parts.checkpoint();
  parts.phase(`${preference.name}: making a fresh adapter`);
  const { settings, trainer } = parts;
  const asked = `${settings.lora_id_prefix}/${preference.name}`;
  const loraId = await trainer
    .init({ loraId: asked, baseModel: settings.base_model })
    .catch((error: unknown) => {
      if (!(error instanceof TrainerError)) throw error;
      throw new StartError("trainer", `The trainer made no adapter ${asked}: ${messageOf(error)}`, {
        cause: error,
      });
    });
  const metadata = {
    config: settings,
    lora_id: loraId,
    preference: preference.name,
    base_model: settings.base_model,
  };
  await writeWhole(path, `${JSON.stringify(metadata, null, 2)}\n`);
  return loraId;
}

interface BaselinePlace {
  readonly preference: Preference;
  readonly loraId: string;
  readonly folder: string;
}

/** What is measured before anything is trained. */
async function baselineOf(
  parts: LoopParts,
  { preference, loraId, folder }: BaselinePlace,
  journal: Journal,
): Promise<EvalMetrics> {
  const path = join(folder, feedbackFiles.baseline);
  if (await exists(path)) return await readJson(path, evalMetricsSchema);
  const page = journal.page(null, parts.nowMs);
  const { metrics, missing } = await measureStep(parts, { preference, loraId, baseline: null }, page);
  const trained = { preference: preference.name, loraId };
  const served = await aloneStretch(parts, { trained, phase: "before" }, page);
  const written = {
    ...metrics,
    serving: served?.serving ?? null,
    missing: [...missing, ...(served?.missing ?? [])],
  };
  await writeWhole(path, `${JSON.stringify(written, null, 2)}\n`);
  return metrics;
}

/** @throws {RunUnreadableError} */
async function readJson<T>(path: string, schema: z.ZodType<T>): Promise<T> {
  try {
    return schema.parse(JSON.parse(await readFile(path, "utf8")));
  } catch (cause) {
    throw new RunUnreadableError(
      `${path} cannot be read: ${messageOf(cause)}. Restore it from a copy, or start a new run.`,
      { cause },
    );
  }
}
