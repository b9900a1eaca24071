import { globSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { liveProcesses } from "../../bench/host/process-table.ts";
import { attemptLineSchema } from "../../suites/tasks/attempts/attempt-line.ts";
import { exec, plantSuite, say, write, type PlantedTask } from "../suites/tasks/planted-suite.ts";
import { expectEveryEpisodeOnce, killAndResume } from "./killed-driver.ts";
import { expectHandComputed } from "./own-tasks.ts";
import { fastEngine, lastLine, unchecked, Workplace } from "./small-experiment.ts";
import { episodesOf, expectExit, tollgate } from "./tollgate-process.ts";

const cases = (["agentbench", "clawbench"] as const).flatMap((format) =>
  ["sloppy", "malicious"].map((script) => ({ format, script })),
);

test.each(cases)(
  "$script scripts of our $format tasks are worth what was computed by hand",
  async ({ format, script }) => {
    using place = new Workplace({
      stack: { kind: "embedded", agent: fastEngine, user: fastEngine },
      arms: [{ kind: "raw" }],
      workload: { kind: "tasks", format, script },
      sweep: { concurrency: [4] },
    });
    const finished = await place.sweep(...unchecked);
    expectExit(finished, 0);
    const episodes = episodesOf(lastLine(finished));
    expect(episodes.length).toBeGreaterThan(2);
    for (const episode of episodes) expectHandComputed(episode, format, script);
  },
);

test("the shipped experiment with real OpenClaw, in both arms and two trials, has the scores computed by hand", async () => {
  using place = new Workplace();
  const args = ["sweep", "experiments/tasks-laptop.yaml", "--out", place.runs];
  const finished = await tollgate(args, place.environment);
  expectExit(finished, 0);
  const episodes = episodesOf(lastLine(finished));
  expect(episodes).toHaveLength(44);
  for (const episode of episodes) {
    expect(episode.agent.name).toBe("openclaw");
    expectHandComputed(episode, "agentbench", "good");
  }
}, 900_000);

/** Daemons of the planted tasks, told from everything else by how long they sleep. */
const daemons = () => liveProcesses().filter(({ command }) => command.includes("sleep 98765"));

const busy = (number: number): PlantedTask => ({
  id: `busy-${number}`,
  turns: [
    [exec("setsid sleep 98765 >/dev/null 2>&1 & echo started"), exec("sleep 0.5; ls"), say("Begun.")],
    [write("out.txt", "here"), exec("sleep 0.5; cat out.txt"), say("Done.")],
  ],
  setup: "sleep 0.1; echo given > given.txt\n",
  more: {
    expected_outputs: [
      { pattern: "out.txt", required: true, validators: [{ type: "file-exists", path: "out.txt" }] },
    ],
  },
});

test("ten times kill -9 and --resume: every task and trial once, and no sandboxed process lives", async () => {
  using place = new Workplace();
  const folder = plantSuite(join(place.path, "tasks"), [1, 2, 3, 4, 5, 6].map(busy));
  place.write({
    arms: [{ kind: "raw" }],
    workload: { kind: "tasks", folder, trials: 8 },
    sweep: { concurrency: [3] },
  });
  const { run } = await killAndResume(place, { kills: 10, seed: 17, startMs: 4_000 });
  expectEveryEpisodeOnce(run);
  const episodes = episodesOf(run);
  expect(episodes).toHaveLength(48);
  for (const { status, termination, scores } of episodes)
    expect([status, termination, scores?.find(({ name }) => name === "layer0")?.value]).toEqual([
      "completed",
      "finished",
      1,
    ]);
  expect(daemons()).toEqual([]);
  // A killed segment may end in a part of a line; every attempt with a record has a whole one.
  const lines = globSync(join(run, "evidence/c3*/*/tasks.ndjson")).flatMap((file) =>
    readFileSync(file, "utf8")
      .split("\n")
      .filter((line) => line.endsWith("}")),
  );
  const kept = new Set(lines.map((line) => attemptLineSchema.parse(JSON.parse(line)).attemptKey));
  expect(episodes.filter(({ attemptKey }) => !kept.has(attemptKey ?? ""))).toEqual([]);
}, 900_000);
