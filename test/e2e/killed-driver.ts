import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { expect } from "vitest";
import { below, createRng, type Rng } from "../../bench/statistics/rng.ts";
import { lastLine, type Workplace, unchecked } from "./small-experiment.ts";
import { episodesOf, pause, processesOf, type Finished, type TollgateProcess } from "./tollgate-process.ts";

interface Trajectory {
  readonly episodeId: string;
  readonly attemptKey: string;
  readonly reward: number | null;
}

/**
 * Kills the driver with kill -9 at random moments, each followed by a resume, and checks after every kill that within
 * ten seconds nothing of the run lives. Returns how the last resume, which nobody disturbed, ended.
 */
export async function killAndResume(
  place: Workplace,
  options: { readonly kills: number; readonly seed: number; readonly startMs: number },
): Promise<{ readonly run: string; readonly sweep: Finished }> {
  const rng = createRng(options.seed);
  let again: readonly string[] = [];
  for (let kill = 0; kill < options.kills; kill += 1) {
    await using driver = place.start(...unchecked, ...again);
    const run = await driver.runDirectory(120_000);
    again = ["--resume", run];
    await randomMoment(driver, run, { rng, startMs: options.startMs });
    const pid = Number(readFileSync(join(run, "driver.pid"), "utf8"));
    expect(pid).toBe(driver.child.pid);
    process.kill(pid, "SIGKILL");
    const { signal } = await driver.finished();
    expect(signal).toBe("SIGKILL");
    await expectGone(place, run);
  }
  const sweep = await place.sweep(...unchecked, ...again);
  expect(lastLine(sweep)).toBe(again[1]);
  return { run: lastLine(sweep), sweep };
}

/** One in four: while the run starts. Else: after a new episode and up to a second more. */
async function randomMoment(
  driver: TollgateProcess,
  run: string,
  { rng, startMs }: { readonly rng: Rng; readonly startMs: number },
): Promise<void> {
  if (below(rng, 4) === 0) {
    await pause(below(rng, startMs));
    return;
  }
  const finished = episodeCount(run);
  await driver.until(() => episodeCount(run) > finished, { what: "a new episode", timeoutMs: 240_000 });
  await pause(below(rng, 1_000));
}

function episodeCount(run: string): number {
  const path = join(run, "records.jsonl");
  if (!existsSync(path)) return 0;
  return readFileSync(path, "utf8").split('"type":"episode"').length - 1;
}

async function expectGone(place: Workplace, run: string): Promise<void> {
  const runId = run.slice(run.lastIndexOf("/") + 1);
  const until = Date.now() + 10_000;
  while ((processesOf(runId).length > 0 || place.scratch().length > 0) && Date.now() < until) await pause(50);
  const left = { processes: processesOf(runId), scratch: place.scratch() };
  const isGone = left.processes.length + left.scratch.length === 0;
  // The folder goes with the test, and what the supervisor did is told nowhere else.
  const supervisor = isGone ? "" : readFileSync(join(run, "logs", "supervisor.log"), "utf8");
  expect({ ...left, supervisor }).toEqual({ processes: [], scratch: [], supervisor: "" });
}

/** Every planned episode is recorded exactly once, each with the one trajectory of the attempt that gave it. */
export function expectEveryEpisodeOnce(run: string): void {
  const { cells } = JSON.parse(readFileSync(join(run, "run.json"), "utf8")) as {
    cells: { episodeIds: string[] }[];
  };
  const episodes = episodesOf(run);
  const planned = cells.flatMap(({ episodeIds }) => episodeIds);
  expect(episodes.map(({ episodeId }) => episodeId).toSorted()).toEqual(planned.toSorted());
  const stored = readFileSync(join(run, "trajectories.jsonl"), "utf8")
    .trimEnd()
    .split("\n")
    .map((line) => JSON.parse(line) as Trajectory);
  const key = ({ episodeId, attemptKey, reward }: Partial<Trajectory>) =>
    `${episodeId} ${attemptKey} ${reward}`;
  expect(stored.map(key).toSorted()).toEqual(episodes.map(key).toSorted());
}
