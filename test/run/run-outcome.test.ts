import { expect, test } from "vitest";
import { ConfigError, StartError } from "../../bench/errors.ts";
import { exitCodeOf, outcomeOf, type RunOutcome } from "../../bench/run/run-outcome.ts";
import type { StopCause } from "../../bench/run/stop-request.ts";

test.each<[RunOutcome, StopCause | null, number]>([
  [{ reason: "complete" }, null, 0],
  // Asked to stop when the last episode was running: nothing is left to do.
  [{ reason: "complete" }, "sigint", 0],
  [{ reason: "interrupted" }, "sigint", 130],
  [{ reason: "interrupted" }, "sigterm", 143],
  [{ reason: "interrupted" }, "stop-command", 4],
  [{ reason: "interrupted" }, "budget", 4],
  // A cell's own time was up.
  [{ reason: "interrupted" }, null, 4],
  [{ reason: "failed", message: "x" }, null, 1],
  [{ reason: "failed", message: "x", exitCode: 3 }, null, 3],
  [{ reason: "failed", message: "x" }, "sigint", 1],
])("%j, stopped by %s: exit code %i", (outcome, cause, code) => {
  expect(exitCodeOf(outcome, cause)).toBe(code);
});

test("an error that ends a run is a failure with its message; a part that did not start exits 3", () => {
  expect(outcomeOf(new ConfigError("bad"), false)).toEqual({ reason: "failed", message: "bad" });
  expect(outcomeOf(new StartError("tap", "no tap"), false)).toEqual({
    reason: "failed",
    message: "no tap",
    exitCode: 3,
  });
  expect(outcomeOf("thrown text", false)).toEqual({ reason: "failed", message: "thrown text" });
});

test("what was thrown because somebody cancelled the run is an interruption", () => {
  expect(outcomeOf(new StartError("tap", "aborted"), true)).toEqual({ reason: "interrupted" });
});
