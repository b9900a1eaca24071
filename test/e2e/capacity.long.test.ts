import { expect, test } from "vitest";
import { createRng } from "../../bench/statistics/rng.ts";
import {
  answerOf,
  knownRateExperiment,
  limitFor,
  reportOf,
  type Client,
  type KnownRate,
} from "./known-rate.ts";
import { lastLine, unchecked, Workplace } from "./small-experiment.ts";
import { expectExit, readRecords, tollgate, TollgateProcess } from "./tollgate-process.ts";

const minutes = 60_000;
/** They sleep most of the time: the engine's steps are so long that what a busy machine adds between requests is little. */
const atOnce = 10;
const search = { to: 16, repetitions: 3, episodes: 16 };

test(
  "the true limit of a simulated engine lies within the range in 18 of 20 searches",
  async () => {
    const client = await measureClient();
    const seeds = Array.from({ length: 20 }, (_, seed) => seed);
    const found: Awaited<ReturnType<typeof searched>>[] = [];
    const worker = async () => {
      for (let seed = seeds.shift(); seed !== undefined; seed = seeds.shift())
        found.push(await searched(seed, client));
    };
    await Promise.all(Array.from({ length: atOnce }, worker));
    const within = found.filter(({ truth, low, high }) => (low ?? 0) <= truth && truth <= (high ?? Infinity));
    const shown = found.map(({ seed, truth, low, high }) => `${seed}: ${truth} in ${low}..${high}`);
    expect({ within: within.length >= 18, shown }).toEqual({ within: true, shown });
    // A range that is open, or that holds everything, would be right, too.
    const narrow = found.filter(({ low, high }) => low !== null && high !== null && high - low <= 3);
    expect({ narrow: narrow.length >= 14, shown }).toEqual({ narrow: true, shown });
  },
  30 * minutes,
);

/** What one agent shows, of whom nobody waits. */
async function measureClient(): Promise<Client> {
  const rate = { slots: 2, stepMs: 300 };
  using place = new Workplace(
    knownRateExperiment(rate, { concurrency: [1] }, { workload: { kind: "echo", trials: 6 } }),
  );
  const finished = await place.sweep(...unchecked);
  const [cell] = reportOf(lastLine(finished)).cells;
  const { completionTokens, requests } = cell?.outer ?? {};
  const secondsPerEpisode = 60 / (cell?.rates.episodesPerMinute.value ?? Number.NaN);
  return {
    steps: (completionTokens ?? Number.NaN) / (requests ?? Number.NaN) - 1,
    gapMs: 1000 * secondsPerEpisode - (cell?.e2eMs.mean.value ?? Number.NaN),
  };
}

async function searched(seed: number, client: Client) {
  const rng = createRng(seed + 1);
  const draw = (from: number, to: number) => from + (to - from) * rng.next();
  const rate: KnownRate = { slots: Math.floor(draw(2, 4)), stepMs: draw(500, 800) };
  const truth = rate.slots + 1 + Math.floor(draw(0, 5));
  const slo = { e2e_mean: limitFor(rate, truth, client) };
  using place = new Workplace(knownRateExperiment(rate, { slo }, { capacity: search }));
  const finished = await tollgate(
    ["capacity", place.file, "--out", place.runs, ...unchecked],
    place.environment,
  );
  const [arm] = answerOf(lastLine(finished));
  return { seed, truth, low: arm?.low ?? null, high: arm?.high ?? null };
}

test(
  "a driver that is killed loses no cell that it has measured, and the search ends as it would have",
  async () => {
    const rate = { slots: 1, stepMs: 60 };
    const slo = { e2e_mean: limitFor(rate, 2, { steps: 4, gapMs: 0 }) };
    using place = new Workplace(knownRateExperiment(rate, { slo }, { capacity: { to: 8, repetitions: 3 } }));
    await using driver = new TollgateProcess(
      ["capacity", place.file, "--out", place.runs, ...unchecked],
      place.environment,
    );
    const run = await driver.runDirectory();
    await driver.until(() => /c\d-r1-raw [1-9]/.test(driver.stderr), {
      what: "an episode of a deciding cell",
      timeoutMs: 3 * minutes,
    });
    driver.child.kill("SIGKILL");
    await driver.finished();
    const measured = readRecords(run).flatMap((record) => (record.type === "cell" ? [record.cellId] : []));
    const ended = await tollgate(["resume", run, ...unchecked], place.environment);
    expectExit(ended, 0);
    const [arm] = answerOf(run);
    expect([arm?.low, arm?.high].every((end) => end !== null)).toBe(true);
    const after = readRecords(run).flatMap((record) => (record.type === "cell" ? [record.cellId] : []));
    // None of them is measured again.
    expect(after.slice(0, measured.length)).toEqual(measured);
    expect(after.filter((cellId) => measured.includes(cellId))).toEqual(measured);
  },
  10 * minutes,
);

test(
  "the shipped experiment is searched in both arms",
  async () => {
    using place = new Workplace();
    const finished = await tollgate(
      [
        "capacity",
        "experiments/capacity-laptop.yaml",
        "--out",
        place.runs,
        "--to",
        "8",
        "--repetitions",
        "3",
      ],
      place.environment,
    );
    const run = lastLine(finished);
    expect(answerOf(run).map(({ arm }) => arm)).toEqual(["raw", "gateway"]);
    expect(finished.stdout).toContain("Most agents in flight that hold ttft_p95 <= 250ms");
    const again = await tollgate(["report", run, "--format", "json"], place.environment);
    expect((JSON.parse(again.stdout) as { capacity: unknown }).capacity).toEqual(reportOf(run).capacity);
  },
  15 * minutes,
);
