import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { below, createRng, type Rng } from "../../bench/statistics/rng.ts";
import { finishedEpisodes } from "../../bench/store/progress.ts";
import { readRecordedTokens } from "../../bench/store/recorded-tokens.ts";
import { fastEngine, lastLine, unchecked, Workplace } from "./small-experiment.ts";
import { episodesOf, expectExit, pause, processesOf, tollgate, TollgateProcess } from "./tollgate-process.ts";

const engine = { ...fastEngine, decodeStepMs: 3 };

test("100 episodes through three kills -9 of driver and gateway: 100 distinct complete trajectories", async () => {
  using place = new Workplace({
    stack: { kind: "embedded", agent: engine, user: engine },
    workload: { domain: "library", tasks: { count: 10 }, trials: 10 },
  });
  const rng = createRng(20_261_121);
  const line = ["collect", place.file, "--out", place.runs, ...unchecked, "--concurrency", "4"];
  let again: readonly string[] = [];
  for (const victim of ["driver", "gateway", "driver"] as const) {
    await using driver = new TollgateProcess([...line, ...again], place.environment);
    const run = await driver.runDirectory(120_000);
    again = ["--resume", run];
    await randomEpisode(driver, run, rng);
    process.kill(victim === "driver" ? (driver.child.pid ?? 0) : gatewayOf(run), "SIGKILL");
    const { code, signal } = await driver.finished();
    expect({ code, signal }).toEqual(
      victim === "driver" ? { code: null, signal: "SIGKILL" } : { code: 1, signal: null },
    );
  }
  const collected = await tollgate([...line, ...again], place.environment);
  expectExit(collected, 0);
  const run = lastLine(collected);
  // What the killed gateway ended is recorded as failed and was done again: the last record of an episode counts.
  const episodes = [...finishedEpisodes(episodesOf(run)).values()];
  expect(episodes).toHaveLength(100);
  expect(episodes.filter(({ status, reward }) => status !== "completed" || reward !== 1)).toEqual([]);
  const calls = new Map<string, number>();
  for await (const { recorded } of readRecordedTokens(run))
    calls.set(recorded.attemptKey, recorded.calls.filter(({ outputIds }) => outputIds !== null).length);
  expect(episodes.map(({ attemptKey }) => calls.get(attemptKey ?? ""))).toEqual(
    episodes.map(({ requests }) => requests),
  );
  const out = join(place.path, "out");
  expectExit(await tollgate(["export", run, "-o", out]), 0);
  const exported = readFileSync(join(out, "trajectories.jsonl"), "utf8").trimEnd().split("\n");
  const ids = exported.map((one) => (JSON.parse(one) as { episodeId: string }).episodeId);
  expect([ids.length, new Set(ids).size]).toEqual([100, 100]);
}, 900_000);

async function randomEpisode(driver: TollgateProcess, run: string, rng: Rng): Promise<void> {
  const finished = episodeCount(run) + 5 + below(rng, 15);
  await driver.until(() => episodeCount(run) > finished, { what: "more episodes", timeoutMs: 300_000 });
  await pause(below(rng, 500));
}

function episodeCount(run: string): number {
  const path = join(run, "records.jsonl");
  return existsSync(path) ? readFileSync(path, "utf8").split('"type":"episode"').length - 1 : 0;
}

/** The pid of the run's recording gateway. */
function gatewayOf(run: string): number {
  const runId = run.slice(run.lastIndexOf("/") + 1);
  const isGateway = (pid: number) => /main\.ts\0gateway\0/.test(readFileSync(`/proc/${pid}/cmdline`, "utf8"));
  const gateway = processesOf(runId).find(isGateway);
  if (gateway === undefined) throw new Error("the run has no gateway");
  return gateway;
}
