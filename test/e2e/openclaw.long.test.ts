import { join, resolve } from "node:path";
import { expect, test } from "vitest";
import { goldenCases } from "./golden-cases.ts";
import { expectEveryEpisodeOnce, killAndResume } from "./killed-driver.ts";
import { fastEngine, lastLine, Workplace } from "./small-experiment.ts";
import { countTokens } from "./token-counts.ts";
import { cellSummaries, episodesOf, expectExit, sharedFolder, tollgate } from "./tollgate-process.ts";

const shared = sharedFolder();
const minutes = 60_000;

test(
  "five times kill -9 and --resume with real OpenClaw processes",
  async () => {
    using place = new Workplace({
      agent: { kind: "openclaw" },
      workload: { domain: "library", tasks: { count: 12 } },
      sweep: { concurrency: [2] },
    });
    const { run } = await killAndResume(place, { kills: 5, seed: 5, startMs: 20_000 });
    expectEveryEpisodeOnce(run);
    expect(episodesOf(run).map(({ reward }) => reward)).toEqual(Array.from({ length: 24 }, () => 1));
    const bytes = await tollgate(["inspect", run, "--bytes"]);
    expectExit(bytes, 0);
  },
  20 * minutes,
);

/** The shipped files as a user runs them: twelve tasks, both arms, concurrency 1 and 4, the real agent. */
test.skipIf(shared === null).each(["airline", "retail"])(
  "experiments/%s.yaml: reward 1 for every judged task, exact tokens, exact bytes",
  async (domain) => {
    using place = new Workplace();
    const environment = { ...place.environment, TAU2_DATA_DIR: resolve(shared ?? "", "tau2", "data") };
    const sweep = await tollgate(["sweep", `experiments/${domain}.yaml`, "--out", place.runs], environment);
    const run = lastLine(sweep);
    expectExit(sweep, 0);
    const episodes = episodesOf(run);
    const golden = new Map(goldenCases(shared ?? "", domain).map((found) => [found.taskId, found]));
    expect(new Set(episodes.map(({ taskId }) => taskId)).size).toBeGreaterThanOrEqual(10);
    expect(episodes.map(({ cellId, taskId, reward }) => [cellId, taskId, reward])).toEqual(
      episodes.map(({ cellId, taskId }) => [cellId, taskId, golden.get(taskId)?.judged ? 1 : null]),
    );
    const cells = Object.entries(cellSummaries(run));
    expect(cells.map(([cell]) => cell).toSorted()).toEqual([
      "c1-r0-gateway",
      "c1-r0-raw",
      "c4-r0-gateway",
      "c4-r0-raw",
    ]);
    for (const [cell, { tokenCheck }] of cells) {
      const { outer, inner, engine } = countTokens(join(run, "evidence", cell, "s0"));
      expect([inner, engine]).toEqual([outer, outer]);
      expect(tokenCheck).toMatchObject({ status: "exact" });
    }
    const bytes = await tollgate(["inspect", run, "--bytes"]);
    expectExit(bytes, 0);
    expect(bytes.stdout).toMatch(
      /^(\d+) of \1 requests at the inner tap equal the transcript byte for byte$/m,
    );
  },
  30 * minutes,
);

test.skipIf(shared === null).each(["airline", "retail"])(
  "%s with a write left out of every task: the rewards that the original recorded",
  async (domain) => {
    const cases = goldenCases(shared ?? "", domain)
      .filter(({ judged }) => judged)
      .slice(0, 24);
    using place = new Workplace({
      stack: {
        kind: "embedded",
        agent: { ...fastEngine, drop: cases.map(({ drop }) => drop) },
        user: fastEngine,
      },
      agent: { kind: "openclaw" },
      arms: [{ kind: "raw" }],
      workload: {
        domain,
        data: resolve(shared ?? "", "tau2", "data"),
        tasks: { ids: cases.map(({ taskId }) => taskId) },
      },
      sweep: { concurrency: [4] },
    });
    const sweep = await place.sweep();
    expectExit(sweep, 0);
    const rewards = new Map(episodesOf(lastLine(sweep)).map(({ taskId, reward }) => [taskId, reward]));
    expect(cases.map(({ taskId }) => [taskId, rewards.get(taskId)])).toEqual(
      cases.map(({ taskId, rewardWithoutIt }) => [taskId, rewardWithoutIt]),
    );
  },
  20 * minutes,
);
