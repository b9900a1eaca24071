import { readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { passAtKReportSchema } from "../../../bench/analysis/scores/pass-at-k-report.ts";
import { episodesOf, expectExit, TemporaryFolder, tollgate } from "../../e2e/tollgate-process.ts";

/** The block of docs/code.md. */
test("the shipped experiment scores 200 samples in both arms, which answer alike", async () => {
  using folder = new TemporaryFolder();
  const finished = await tollgate(["sweep", "experiments/code-laptop.yaml", "--out", folder.path]);
  expectExit(finished, 0);
  const run = finished.stdout.trim().split("\n").at(-1) ?? "";
  const episodes = episodesOf(run);
  expect(episodes).toHaveLength(400);
  expect(episodes.filter(({ status }) => status !== "completed")).toEqual([]);
  const report = JSON.parse(readFileSync(join(run, "report", "report.json"), "utf8")) as { passAtK: unknown };
  const { ks, cells } = passAtKReportSchema.parse(report.passAtK);
  expect(ks).toEqual([1, 5, 10]);
  const [raw, gateway] = cells;
  const counts = (cell: (typeof cells)[number] | undefined) =>
    cell?.problems.map(({ task, samples, passes }) => [task, samples, passes]);
  expect(counts(raw)).toEqual(counts(gateway));
  const [row] = raw?.rows ?? [];
  // Four standard errors of 200 draws with 0.3.
  expect(Math.abs((row?.mean.value ?? 0) - 0.3)).toBeLessThan(0.13);
});
