import { randomBytes } from "node:crypto";
import { mkdir } from "node:fs/promises";
import { dirname, join } from "node:path";
import type { Experiment } from "../config/experiment.ts";
import { systemClock } from "../measure/clock.ts";
import { Prober } from "./prober.ts";
import { runChecks } from "./run-checks.ts";
import { readGpus } from "../host/gpus.ts";
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
  /** The one of `sweep.variants` that the stack is; absent where there are none. */
  readonly variant?: string | undefined;
  /** What every conversation of the agent begins with; undefined where that is not known. */
  readonly longestPrompt: WorkloadPlan["longestPrompt"];
  /** Whether requests of the work offer tools. */
  readonly usesTools: boolean;
  readonly stack: RunningStack;
  /** Folder that gets `evidence/preflight.json` and what the taps saw: the run directory. */
  readonly directory: string;
  /** Where run directories are written, and for how many episodes there must be room. */
  readonly output: { readonly directory: string; readonly episodes: number };
  readonly skipped: ReadonlySet<string>;
  readonly environment: Readonly<Record<string, string | undefined>>;
  readonly signal: AbortSignal;
  /** Told which check is made now. */
  readonly phase?: (text: string) => void;
}

/** One request of a check may take as long as one of the run, up to this. */
const deadlineMsMax = 120_000;

/** Asks the running stack what it is before anything is measured, and keeps the answers. Failures are in the record. */
export async function preflight(options: PreflightOptions): Promise<PreflightRecord> {
  const { experiment, stack, signal, directory, variant } = options;
  const earlier = await readPreflights(directory);
  const deadlineMs = Math.min(experiment.limits.callSeconds * 1000, deadlineMsMax);
  const evidenceDirectory = join(directory, "evidence", "preflight", String(earlier.length));
  await mkdir(evidenceDirectory, { recursive: true });
  const nonce = randomBytes(4).toString("hex");
  const clock = systemClock;
  const found = await runChecks(
    {
      experiment,
      stack,
      prober: new Prober({ stack, clock, deadlineMs, signal, evidenceDirectory, nonce }),
      longestPrompt: options.longestPrompt ?? null,
      usesTools: options.usesTools,
      clock,
      deadlineMs,
      signal,
      output: options.output,
      gpus: () => readGpus(options.environment),
    },
    options.skipped,
    checkTeller(options.phase),
  );
  const record = { ...found, ...(variant !== undefined && { variant }) };
  const path = preflightPath(directory);
  await mkdir(dirname(path), { recursive: true });
  await writeWhole(path, preflightText([...earlier, record]));
  return record;
}

function checkTeller(phase: PreflightOptions["phase"]) {
  return (name: string, at: number, count: number) => phase?.(`preflight ${at}/${count}: ${name}`);
}

/** Adds a check that was made later to the record of the latest preflight, and returns that record. */
export async function addCheck(
  directory: string,
  { check, seconds }: { readonly check: PreflightRecord["checks"][number]; readonly seconds: number },
): Promise<PreflightRecord> {
  const all = await readPreflights(directory);
  const latest = all.at(-1);
  if (latest === undefined) throw new Error(`no preflight was recorded in ${directory}`);
  const record = { ...latest, seconds: latest.seconds + seconds, checks: [...latest.checks, check] };
  await writeWhole(preflightPath(directory), preflightText([...all.slice(0, -1), record]));
  return record;
}

/** Folder of the latest preflight's own requests. */
export async function latestEvidence(directory: string): Promise<string> {
  const { length } = await readPreflights(directory);
  return join(directory, "evidence", "preflight", String(length - 1));
}

/** What a person who watches a sweep should know of its preflight: one line, and one for each warning and skipped check. */
export function preflightLines({ checks, seconds }: PreflightRecord): readonly string[] {
  const findings = checks.flatMap(({ name, findings }) => findings.map((finding) => ({ name, ...finding })));
  const count = (wanted: string) => findings.filter(({ status }) => status === wanted).length;
  const skipped = checks.filter((check) => check.skipped).map(({ name }) => name);
  return [
    `preflight: ${count("ok")} ok, ${count("warning")} warnings, ${count("failed")} failed, ${count("not checked")} not checked, in ${seconds.toFixed(1)} s`,
    ...findings
      .filter(({ status }) => status === "warning")
      .map(({ name, on, what, change }) => `warning: preflight ${name}: ${on}: ${what}. ${change ?? ""}`),
    ...(skipped.length === 0 ? [] : [`warning: preflight left out ${skipped.join(", ")}`]),
  ];
}
