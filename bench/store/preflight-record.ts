import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { z } from "zod";
import { exists } from "./read-run.ts";
import { RunUnreadableError, messageOf } from "../errors.ts";

/**
 * `evidence/preflight.json`: what was found out about the servers before the first cell, once per invocation of the run.
 * The checks' own requests lie beside it, in `evidence/preflight/<invocation>/`.
 */
const findingSchema = z.object({
  /** What it is about: `agent engine`, `arm gateway`, `output folder`. */
  on: z.string(),
  /** `not checked`: the check could not be made; `what` says why. It is never an `ok`. */
  status: z.enum(["ok", "warning", "failed", "not checked"]),
  what: z.string(),
  /** What to change; null where nothing is wrong. */
  change: z.string().nullable(),
});
export type Finding = z.infer<typeof findingSchema>;

/**
 * `real`: tokens reach the client as the engine makes them. `simulated`: the gateway collects them and sends them all at the
 * end, so that its time to first token says nothing.
 */
const streamingKindSchema = z.enum(["real", "simulated"]);
export type StreamingKind = z.infer<typeof streamingKindSchema>;

const armFactsSchema = z.object({
  /** null: not known. */
  streaming: streamingKindSchema.nullable(),
  /** Whether the arm's requests reach the engine that Tollgate reads; null: not known. */
  sameEngine: z.boolean().nullable(),
});
export type ArmFacts = z.infer<typeof armFactsSchema>;

export const preflightRecordSchema = z.object({
  /** Wall clock, ISO 8601. */
  at: z.string(),
  seconds: z.number(),
  /** Configuration of the agent's engine; absent where the experiment has no `sweep.variants`. */
  variant: z.string().optional(),
  checks: z.array(
    z.object({
      name: z.string(),
      proves: z.string(),
      /** Left out by `--skip-preflight`. */
      skipped: z.boolean(),
      findings: z.array(findingSchema),
    }),
  ),
  arms: z.record(z.string(), armFactsSchema),
});
export type PreflightRecord = z.infer<typeof preflightRecordSchema>;

const preflightFileSchema = z.object({ v: z.literal(1), invocations: z.array(preflightRecordSchema) });

export const preflightPath = (runDirectory: string): string =>
  join(runDirectory, "evidence", "preflight.json");

/** Every preflight of a run, oldest first; none for a run without one. Throws RunUnreadableError for a damaged file. */
export async function readPreflights(runDirectory: string): Promise<readonly PreflightRecord[]> {
  const path = preflightPath(runDirectory);
  if (!(await exists(path))) return [];
  try {
    return preflightFileSchema.parse(JSON.parse(await readFile(path, "utf8"))).invocations;
  } catch (cause) {
    throw new RunUnreadableError(`${path} cannot be read: ${messageOf(cause)}. Restore it from a copy.`, {
      cause,
    });
  }
}

export function preflightText(invocations: readonly PreflightRecord[]): string {
  return `${JSON.stringify({ v: 1, invocations }, null, 2)}\n`;
}

/** What is known of an arm (in a variant) by now: of each fact the latest that was found out. Absent without a preflight. */
export function latestArmFacts(
  invocations: readonly PreflightRecord[],
  arm: string,
  variant?: string,
): ArmFacts | undefined {
  const own = invocations.filter((one) => variant === undefined || one.variant === variant);
  const found = own.flatMap(({ arms }) => arms[arm] ?? []);
  if (found.length === 0) return undefined;
  return {
    streaming: found.findLast(({ streaming }) => streaming !== null)?.streaming ?? null,
    sameEngine: found.findLast(({ sameEngine }) => sameEngine !== null)?.sameEngine ?? null,
  };
}
