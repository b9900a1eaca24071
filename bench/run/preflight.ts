import { randomBytes } from "node:crypto";
import { mkdir } from "node:fs/promises";
import { dirname, join } from "node:path";
import type { Experiment } from "../config/experiment.ts";
import { systemClock } from "../measure/clock.ts";
import { Prober } from "../preflight/prober.ts";
import { runChecks } from "../preflight/run-checks.ts";
import { readGpus } from "../stack/gpus.ts";
import type { RunningStack } from "../stack/stack.ts";
import {
  preflightPath,
  preflightText,
  readPreflights,
  type PreflightRecord,
} from "../store/preflight-record.ts";
import { writeWhole } from "../store/text-store.ts";
import type { WorkloadPlan } from "../workload/workload.ts";

export interface PreflightOptions {
  readonly experiment: Experiment;
  readonly workload: Pick<WorkloadPlan, "longestPrompt">;
  readonly stack: RunningStack;
  /** Folder that gets `evidence/preflight.json` and what the taps saw: the run directory. */
  readonly directory: string;
  /** Where run directories are written, and for how many episodes there must be room. */
  readonly output: { readonly directory: string; readonly episodes: number };
  readonly skipped: ReadonlySet<string>;
  readonly environment: Readonly<Record<string, string | undefined>>;
  readonly signal: AbortSignal;
}

/** One request of a check may take as long as one of the run, up to this. */
const deadlineMsMax = 120_000;

/** Asks the running stack what it is before anything is measured, and keeps the answers. Failures are in the record. */
export async function preflight(options: PreflightOptions): Promise<PreflightRecord> {
  const { experiment, stack, signal, directory } = options;
  const earlier = await readPreflights(directory);
  const deadlineMs = Math.min(experiment.limits.callSeconds * 1000, deadlineMsMax);
  const evidenceDirectory = join(directory, "evidence", "preflight", String(earlier.length));
  await mkdir(evidenceDirectory, { recursive: true });
  const nonce = randomBytes(4).toString("hex");
  const clock = systemClock;
  const record = await runChecks(
    {
      experiment,
      stack,
      prober: new Prober({ stack, clock, deadlineMs, signal, evidenceDirectory, nonce }),
      longestPrompt: options.workload.longestPrompt ?? null,
      clock,
      deadlineMs,
      signal,
      output: options.output,
      gpus: () => readGpus(options.environment),
    },
    options.skipped,
  );
  const path = preflightPath(directory);
  await mkdir(dirname(path), { recursive: true });
  await writeWhole(path, preflightText([...earlier, record]));
  return record;
}
