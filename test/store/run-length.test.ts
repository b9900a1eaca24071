import { expect, test } from "vitest";
import { runSeconds } from "../../bench/store/run-length.ts";
import type { RunRecord } from "../../bench/store/record.ts";
import { buildIdentity, runStarted } from "./run-builder.ts";

const started = (at: string): RunRecord => ({ ...runStarted(buildIdentity()), at });
const ended = (at: string): RunRecord => ({
  v: 1,
  type: "run-ended",
  at,
  reason: "complete",
  exitCode: 0,
  error: null,
});
const at = (minute: number) => `2026-11-21T12:${String(minute).padStart(2, "0")}:00.000Z`;

test.each([
  ["one call", [started(at(0)), ended(at(1))], 60],
  [
    "the pause before a resume is no part of it",
    [started(at(0)), ended(at(1)), started(at(30)), ended(at(32))],
    180,
  ],
  ["a call that was killed has no known end", [started(at(0)), started(at(30)), ended(at(31))], 60],
  [
    "shards of a merged run that were measured at the same time",
    [
      started(at(0)),
      ended(at(10)),
      started(at(2)),
      ended(at(4)),
      started(at(8)),
      ended(at(11)),
      ended(at(11)),
    ],
    660,
  ],
  ["nothing has ended", [started(at(0))], null],
])("%s", (_, records, expected) => {
  expect(runSeconds(records)).toBe(expected);
});
