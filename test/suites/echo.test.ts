import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { sampleLineSchema, samplesFile } from "../../bench/workload/sample-line.ts";
import { sound } from "../e2e/small-experiment.ts";
import { cellSummaries, episodesOf, expectExit, TemporaryFolder, tollgate } from "../e2e/tollgate-process.ts";

/** The seam's proof: a workload that is no tau2, without tools and without a user engine, run by the shipped command. */
test("a suite of its own plans, runs, scores by its rule, reports, and tells its sink", async () => {
  using folder = new TemporaryFolder();
  const tally = join(folder.path, "tally.txt");
  const settings = [`sinks=[{kind: tally, path: ${tally}}]`, "stack.agent.errorRate=0.5"];
  const set = settings.flatMap((setting) => ["--set", setting]);
  const finished = await tollgate(["sweep", "suites/echo/echo.yaml", "--out", folder.path, ...set]);
  expectExit(finished, 0);
  const run = finished.stdout.trim().split("\n").at(-1) ?? "";
  const episodes = episodesOf(run);
  expect(episodes).toHaveLength(16);
  expect(new Set(episodes.map(({ episodeId }) => episodeId)).size).toBe(16);
  for (const { agent, domain, reward, requests, scores, userUsage } of episodes) {
    expect([agent.name, domain, requests, userUsage.requests]).toEqual(["chat", "echo", 1, 0]);
    expect(scores).toEqual([{ name: "same-word", value: reward, passed: reward === 1 }]);
  }
  // The same prompts are spoilt in both arms and both trials.
  const passed = episodes.filter(({ reward }) => reward === 1);
  expect(passed.length % 4).toBe(0);
  expect(readFileSync(tally, "utf8")).toBe(`${passed.length} of 16 passed\n`);
  const cells = Object.entries(cellSummaries(run));
  expect(cells.map(([, { verdict }]) => verdict)).toEqual([sound, sound]);
  for (const [cellId, { userEngine }] of cells) {
    expect(userEngine).toBeNull();
    const text = readFileSync(join(run, "evidence", cellId, "s0", samplesFile), "utf8");
    const lines = text.trimEnd().split("\n");
    const samples = lines.map((line) => sampleLineSchema.parse(JSON.parse(line)));
    const own = episodes.filter((episode) => episode.cellId === cellId);
    expect(new Map(samples.map((sample) => [sample.attemptKey, sample.passed]))).toEqual(
      new Map(own.map(({ attemptKey, reward }) => [attemptKey, reward === 1])),
    );
    expect(samples.every(({ finishReason }) => finishReason === "stop")).toBe(true);
    expect(existsSync(join(run, "evidence", cellId, "s0", "agent-before.prom"))).toBe(true);
    expect(existsSync(join(run, "evidence", cellId, "s0", "user-before.prom"))).toBe(false);
  }
  expect(existsSync(join(run, "report", "report.json"))).toBe(true);
});

test("a suite without tools refuses an agent that lives on them, by name", async () => {
  const plan = await tollgate(["plan", "suites/echo/echo.yaml", "--set", "agent={kind: native}"]);
  expectExit(plan, 2);
  expect(plan.stderr).toContain("Workload echo has no tools, without which agent native does not work");
});
