import { messageOf, StartError } from "../errors.ts";
import { exitCodes } from "../exit-codes.ts";
import type { StopCause } from "./stop-request.ts";

/** How a run ended, before the verdicts of its cells are looked at. */
export type RunOutcome =
  | { readonly reason: "complete" }
  | { readonly reason: "interrupted" }
  /** `exitCode`: what the caller is told; default: the result is invalid. */
  | { readonly reason: "failed"; readonly message: string; readonly exitCode?: number };

/** What an error means that ended a run. One that was thrown because somebody cancelled the run is no failure of it. */
export function outcomeOf(error: unknown, cancelled: boolean): RunOutcome {
  if (cancelled) return { reason: "interrupted" };
  const exitCode = error instanceof StartError ? { exitCode: exitCodes.startFailed } : {};
  return { reason: "failed", message: messageOf(error), ...exitCode };
}

/** @param cause why the run was asked to stop; null when nobody asked */
export function exitCodeOf(outcome: RunOutcome, cause: StopCause | null): number {
  if (outcome.reason === "complete") return exitCodes.ok;
  if (outcome.reason === "failed") return outcome.exitCode ?? exitCodes.resultInvalid;
  if (cause === "sigint") return exitCodes.sigint;
  return cause === "sigterm" ? exitCodes.sigterm : exitCodes.stoppedResumable;
}
