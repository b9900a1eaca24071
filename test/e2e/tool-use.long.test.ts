import { expect, test } from "vitest";
import { liveProcesses } from "../../bench/host/process-table.ts";
import { expectEveryEpisodeOnce, killAndResume } from "./killed-driver.ts";
import { fastEngine, lastLine, unchecked, Workplace } from "./small-experiment.ts";
import { samplesOf } from "./tool-use-samples.ts";
import { episodesOf, expectExit, tollgate } from "./tollgate-process.ts";

const experiment = {
  name: "tools",
  stack: { kind: "embedded", agent: fastEngine },
  arms: [{ kind: "raw" }],
  agent: { kind: "native" },
  sweep: { concurrency: [4] },
};

test("a model that knows nothing does none of the cases, whichever way it fails", async () => {
  using place = new Workplace({
    ...experiment,
    workload: { kind: "tool-use", trials: 4, simulated: { correct: 0 } },
  });
  const finished = await place.sweep(...unchecked);
  expectExit(finished, 0);
  const samples = samplesOf(lastLine(finished));
  expect(samples).toHaveLength(200);
  expect(samples.filter(({ passed }) => passed === true).map(({ taskId, trial }) => [taskId, trial])).toEqual(
    [],
  );
});

test("the shipped experiment with real OpenClaw: both arms do the same cases, and every transcript's calls were executed", async () => {
  using place = new Workplace();
  const args = ["sweep", "experiments/tool-use-laptop.yaml", "--out", place.runs];
  const finished = await tollgate(args, place.environment);
  expectExit(finished, 0);
  const run = lastLine(finished);
  const episodes = episodesOf(run);
  expect(episodes).toHaveLength(100);
  expect(episodes.filter(({ agent, status }) => agent.name !== "openclaw" || status !== "completed")).toEqual(
    [],
  );
  const passed = (arm: string) =>
    episodes
      .filter((episode) => episode.arm === arm && episode.reward === 1)
      .map(({ taskId }) => taskId)
      .toSorted();
  expect(passed("raw")).toEqual(passed("gateway"));
  expect(passed("raw").length).toBeGreaterThan(30);
  expect(passed("raw").length).toBeLessThan(50);
}, 900_000);

test("five times kill -9 and --resume: every case and trial once, with its sample, and no process of a case lives", async () => {
  using place = new Workplace({ ...experiment, workload: { kind: "tool-use", trials: 8 } });
  const { run } = await killAndResume(place, { kills: 5, seed: 19, startMs: 4_000 });
  expectEveryEpisodeOnce(run);
  const episodes = episodesOf(run);
  expect(episodes).toHaveLength(400);
  const samples = new Map(samplesOf(run).map(({ attemptKey, scores }) => [attemptKey, scores]));
  for (const { attemptKey, scores } of episodes) expect(samples.get(attemptKey ?? "")).toEqual(scores);
  expect(liveProcesses().filter(({ command }) => command.includes("sleep 86400"))).toEqual([]);
}, 900_000);
