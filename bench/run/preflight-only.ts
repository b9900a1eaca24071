import { randomBytes } from "node:crypto";
import { mkdir, mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { preflight, type PreflightOptions } from "../preflight/preflight.ts";
import { failuresOf } from "../preflight/run-checks.ts";
import type { PreflightRecord } from "../store/preflight-record.ts";
import { checkKeys } from "../stack/keys.ts";
import { shutDown, startedStack, supervise, type RunSetting } from "./run-life.ts";

export interface PreflightEnd {
  readonly record: PreflightRecord;
  /** Logs and evidence; null when nothing failed, because then they are removed. */
  readonly directory: string | null;
}

/** A run without a run directory: starts or finds the stack as a sweep would, runs every check, and ends what it started. */
export async function executePreflight(
  setting: RunSetting,
  { longestPrompt, output }: Pick<PreflightOptions, "longestPrompt" | "output">,
): Promise<PreflightEnd> {
  const { experiment, environment, stop } = setting;
  checkKeys(experiment, environment);
  const directory = await mkdtemp(join(tmpdir(), "tollgate-preflight-"));
  const logDirectory = join(directory, "logs");
  await mkdir(logDirectory);
  const runId = `preflight-${randomBytes(4).toString("hex")}`;
  const supervised = await supervise(runId, { experiment, environment, logDirectory });
  let keep = true;
  try {
    const place = { directory, logDirectory, signal: stop.cancelled };
    await using stack = await startedStack(supervised, setting, place);
    const record = await preflight({
      experiment,
      longestPrompt,
      stack,
      directory,
      output,
      skipped: setting.skipPreflight,
      environment,
      signal: stop.cancelled,
    });
    keep = failuresOf(record).length > 0;
    return { record, directory: keep ? directory : null };
  } finally {
    await shutDown(supervised, setting.tell);
    if (!keep) await rm(directory, { recursive: true });
  }
}
