import { expect, test } from "vitest";
import { runsTable, worstVerdict } from "../../../bench/report/views/runs.ts";
import type { ListedRun } from "../../../bench/store/list-runs.ts";
import { progressOf } from "../../../bench/store/progress.ts";
import { buildIdentity } from "../../store/run-builder.ts";

const run = {
  directory: "runs/laptop-1",
  identity: buildIdentity(),
  records: [],
  recordsEndByte: 0,
  warnings: [],
};
const progress = progressOf(run, false);
const listed = (...verdicts: readonly (string | null)[]): ListedRun => ({
  directory: "runs/laptop-1",
  experiment: "laptop",
  note: "",
  createdAt: "2026-11-21T12:34:56.789Z",
  stack: "embedded",
  simulated: true,
  replay: false,
  next: null,
  progress: {
    ...progress,
    cells: verdicts.flatMap((verdict) => progress.cells.slice(0, 1).map((cell) => ({ ...cell, verdict }))),
  },
});

test("a run is as good as the worst of its cells", () => {
  expect(worstVerdict(listed("valid", "token-mismatch", "client-limited"))).toBe("token-mismatch");
  expect(worstVerdict(listed("valid", null))).toBe("valid");
  expect(worstVerdict(listed(null))).toBeNull();
});

test("a verdict of a later Tollgate is shown before all that are known", () => {
  expect(worstVerdict(listed("engine-died", "on-fire"))).toBe("on-fire");
});

test("a row says how many of the cells have the worst verdict, and that the engines were simulated", () => {
  const [row] = runsTable([listed("valid", "interrupted", "interrupted")]).rows;
  expect(row).toEqual([
    "laptop-1",
    "2026-11-21 12:34Z",
    "embedded\nsimulated",
    expect.any(String),
    "0/4",
    "0",
    "interrupted 2/3",
    "-",
  ]);
  expect(runsTable([{ ...listed("valid"), replay: true }]).rows[0]?.slice(4, 6)).toEqual(["replay", "-"]);
});

test("below the table stands how a run with failed episodes is repaired", () => {
  const next = {
    why: "run the 2 failed episodes again",
    command: "tollgate sweep a.yaml --resume /runs/laptop-1",
  };
  const failed = (count: number): ListedRun => ({
    ...listed("failing"),
    next,
    progress: { ...progress, episodesByStatus: { ...progress.episodesByStatus, failed: count } },
  });
  expect(runsTable([failed(2)]).notes.at(-1)).toBe(`laptop-1: ${next.why}: ${next.command}`);
  expect(runsTable([failed(0)]).notes).toHaveLength(1);
});
