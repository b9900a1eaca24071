import { expect, test } from "vitest";
import { nextCommand } from "../../bench/store/next-command.ts";
import type { EpisodeRecord, RunRecord } from "../../bench/store/record.ts";
import { buildEpisode, buildIdentity, plannedCell, segmentEnded, segmentStarted } from "./run-builder.ts";

const cell = plannedCell("raw", 30);
const failed: Partial<EpisodeRecord> = { status: "failed", reward: null };

/** A run whose cell has so many episodes, the last `failures` of which failed. */
function next(finished: number, failures: number, verdict = "valid") {
  const records: RunRecord[] = [
    segmentStarted(cell.cellId),
    ...Array.from({ length: finished }, (_, at) =>
      buildEpisode(cell, at, at >= finished - failures ? failed : {}),
    ),
    segmentEnded(cell.cellId, { reason: finished === 30 ? "complete" : "interrupted" }),
    { v: 1, type: "cell", cellId: cell.cellId, at: "2026-11-21T12:00:12.000Z", summary: { verdict } },
  ];
  return nextCommand({ directory: "/runs/x", identity: buildIdentity({ cells: [cell] }), records });
}
const sweep = "tollgate resume /runs/x";

test.each([
  ["all is well", next(30, 0), null],
  ["something is left to do", next(20, 0), { why: "go on", command: sweep }],
  ["given up", next(20, 5), { why: "go on, 5 failed episodes included", command: sweep }],
  ["a failing cell", next(30, 12), { why: "run the 12 failed episodes again", command: sweep }],
  [
    "few failed: only when asked for",
    next(30, 1),
    { why: "run the 1 failed episodes again", command: `${sweep} --redo failed` },
  ],
  [
    "interrupted, and finished",
    next(30, 0, "interrupted"),
    { why: "measure interrupted cells again", command: `${sweep} --redo interrupted` },
  ],
])("%s", (_, found, expected) => {
  expect(found).toEqual(expected);
});

test("nothing goes on with a replay", () => {
  const identity = buildIdentity({ cells: [cell], argv: ["replay", "@last"] });
  expect(nextCommand({ directory: "/runs/x", identity, records: [] })).toBeNull();
});
