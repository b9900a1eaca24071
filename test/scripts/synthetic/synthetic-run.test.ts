import { readdirSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { buildReport } from "../../../bench/report/build-report.ts";
import { openEpisodeIndex } from "../../../bench/store/episode-index.ts";
import { readRun, readTrajectories } from "../../../bench/store/read-run.ts";
import { multiplyRun } from "../../../scripts/synthetic/multiply-run.ts";
import { scaledPage } from "../../../scripts/synthetic/scaled-metrics.ts";
import { TemporaryFolder } from "../../e2e/tollgate-process.ts";
import { unpack } from "../../pack/unpacked.ts";

const archive = join(import.meta.dirname, "../../fixtures/stored-runs/sweep.tar.zst");
const options = { trials: 2, vary: false, bodies: true, now: new Date("2026-11-28T12:00:00Z") };

async function storedRun(folder: string): Promise<string> {
  await unpack(archive, folder);
  return join(folder, readdirSync(folder)[0] ?? "");
}

test("a multiplied run is read as a run: every cell, as many copies of everything, and its counters agree", async () => {
  using folder = new TemporaryFolder();
  const from = await storedRun(folder.path);
  const before = await buildReport(from);
  const whole = before.cells.filter(({ segments }) => segments.some(({ used }) => used));
  const each = whole.reduce((sum, { episodes }) => sum + episodes.finished, 0);
  const out = join(folder.path, "many");
  const made = await multiplyRun({ ...options, from, out, episodes: 5 * each - 1 });
  expect(made).toEqual({ directory: out, episodes: 5 * each, copies: 5 });
  const report = await buildReport(out);
  expect(report.warnings).toEqual([]);
  expect(report.run).toMatchObject({ runId: "many", simulated: true, state: "complete" });
  expect(report.run.note).toMatch(/^synthetic, no measurement/);
  expect(report.totals).toMatchObject({ planned: 5 * each, finished: 5 * each, trajectories: 5 * each });
  for (const [at, cell] of report.cells.entries()) {
    const source = whole[at];
    expect(cell.cellId).toBe(source?.cellId);
    expect(cell.verdict).toBe(source?.verdict);
    expect(cell.tokenCheck.status).toBe(source?.tokenCheck.status);
    expect(cell.outer.requests).toBe(5 * (source?.outer.requests ?? 0));
    expect(cell.outer.promptTokens).toBe(5 * (source?.outer.promptTokens ?? 0));
    expect(cell.agentEngine?.promptTokens).toBe(5 * (source?.agentEngine?.promptTokens ?? 0));
    // Five copies of a task are three tasks of twice as many trials.
    expect(cell.passHatK).toHaveLength(2 * (source?.passHatK.length ?? 0));
  }
  const index = await openEpisodeIndex(out);
  expect(new Set([...index.rows()].map(({ episodeId }) => episodeId)).size).toBe(5 * each);
  let trajectories = 0;
  for await (const { trajectory } of readTrajectories(out)) {
    expect(index.row(index.rowOf(trajectory.episodeId) ?? -1)).toMatchObject({
      taskId: trajectory.taskId,
      trial: trajectory.trial,
      reward: trajectory.reward,
    });
    trajectories += 1;
  }
  expect(trajectories).toBe(5 * each);
});

test("with --vary some episodes failed and some have the other reward, in record and trajectory alike", async () => {
  using folder = new TemporaryFolder();
  const from = await storedRun(folder.path);
  const out = join(folder.path, "many");
  const { episodes } = await multiplyRun({
    ...options,
    vary: true,
    bodies: false,
    from,
    out,
    episodes: 1500,
  });
  const { records } = await readRun(out);
  const failed = records.filter((record) => record.type === "episode" && record.status === "failed");
  expect(failed.length / episodes).toBeGreaterThan(0.002);
  expect(failed.length / episodes).toBeLessThan(0.03);
  const index = await openEpisodeIndex(out);
  for await (const { trajectory } of readTrajectories(out)) {
    const row = index.row(index.rowOf(trajectory.episodeId) ?? -1);
    expect({ status: row.status, reward: row.reward }).toEqual({
      status: trajectory.status,
      reward: trajectory.reward,
    });
  }
});

test("counters and histograms have moved as often as far; gauges and times of creation stand", () => {
  const page = (tokens: number, sum: number) =>
    `# TYPE tokens counter
tokens_total{model="a b"} ${tokens}
tokens_created 17
# TYPE seconds histogram
seconds_bucket{le="+Inf"} ${tokens}
seconds_sum ${sum}
# TYPE running gauge
running 3
`;
  expect(scaledPage(page(10, 0.5), page(14, 1.5), 5)).toBe(page(30, 5.5));
  expect(scaledPage("", page(14, 1), 2)).toBe(page(28, 2));
});
