import { resolve } from "node:path";
import { expect, test } from "vitest";
import { goldenCases, type GoldenCase } from "./golden-cases.ts";
import { fastEngine, lastLine, Workplace } from "./small-experiment.ts";
import { episodesOf, expectExit, sharedFolder, tollgate } from "./tollgate-process.ts";

const shared = sharedFolder();
const minutes = 60_000;

/** Tasks of the shared data by tau2's own agent loop; five at first, and one that scores 1 without its last write. */
const domains = [
  { domain: "airline", and: "32" },
  { domain: "retail", and: "64" },
];

test.skipIf(shared === null).each(domains)(
  "$domain: reward 1 without errors; with a write left out, the reward that the original gave",
  async ({ domain, and }) => {
    const golden = goldenCases(shared ?? "", domain).filter(({ judged }) => judged);
    const cases = [...golden.slice(0, 5), ...golden.filter(({ taskId }) => taskId === and)];
    expect(new Set(cases.map(({ rewardWithoutIt }) => rewardWithoutIt))).toEqual(new Set([0, 1]));
    const experiment = (drop: readonly string[]) => ({
      stack: { kind: "embedded", agent: { ...fastEngine, drop }, user: fastEngine },
      workload: {
        domain,
        data: resolve(shared ?? "", "tau2", "data"),
        tasks: { ids: cases.map(({ taskId }) => taskId) },
      },
      sweep: { concurrency: [4] },
    });
    using place = new Workplace(experiment([]));
    const whole = await place.sweep();
    expectExit(whole, 0);
    expect(rewards(lastLine(whole))).toEqual(expected(cases, () => 1));
    const bytes = await tollgate(["inspect", lastLine(whole), "--bytes"]);
    expectExit(bytes, 0);

    place.write(experiment(cases.map(({ drop }) => drop)));
    const dropped = await place.sweep();
    expectExit(dropped, 0);
    expect(rewards(lastLine(dropped))).toEqual(expected(cases, ({ rewardWithoutIt }) => rewardWithoutIt));
  },
  5 * minutes,
);

const byText = (a: readonly unknown[], b: readonly unknown[]) => String(a).localeCompare(String(b));

function rewards(run: string) {
  return episodesOf(run)
    .map(({ arm, taskId, reward }) => [arm, taskId, reward])
    .toSorted(byText);
}

function expected(cases: readonly GoldenCase[], rewardOf: (golden: GoldenCase) => number) {
  return ["raw", "gateway"]
    .flatMap((arm) => cases.map((golden) => [arm, golden.taskId, rewardOf(golden)]))
    .toSorted(byText);
}
