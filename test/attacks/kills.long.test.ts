import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { readRecordedTokens } from "../../bench/store/recorded-tokens.ts";
import { below, createRng, type Rng } from "../../bench/statistics/rng.ts";
import { fastEngine, unchecked, Workplace } from "../e2e/small-experiment.ts";
import { episodesOf, pause, processesOf, tollgate, type TollgateProcess } from "../e2e/tollgate-process.ts";

/**
 * `kill -9` of every part of a run, at any moment, one after another in the same run, each followed by a resume: in the end every planned
 * episode is there once, with its trajectory and its tokens, and ten seconds after each end nothing of the run lives.
 */
const minutes = 60_000;

/** A part by the words of its command. */
const parts = {
  driver: null,
  supervisor: /supervisor\/program/,
  tap: /tap\/program/,
  "agent engine": /main\.ts simulate --role agent/,
  "user engine": /main\.ts simulate --role user/,
  gateway: /main\.ts gateway /,
  "driver and supervisor": /supervisor\/program/,
  openclaw: /openclaw/,
} as const;
type Part = keyof typeof parts;

interface KillRun {
  readonly name: string;
  readonly agent: "native" | "openclaw";
  readonly seed: number;
  readonly victims: readonly Part[];
}

/** A run ends after some of them and goes on after others; the driver is killed behind those. */
const native: readonly (readonly Part[])[] = [
  ["driver", "tap", "gateway", "supervisor"],
  ["tap", "agent engine", "driver", "user engine"],
  ["supervisor", "driver", "user engine", "tap"],
  ["gateway", "tap", "driver and supervisor", "agent engine"],
  ["agent engine", "driver", "supervisor", "driver"],
  ["user engine", "driver and supervisor", "tap", "gateway"],
  ["driver", "driver", "driver", "driver"],
  ["tap", "gateway", "tap", "user engine"],
  ["driver", "user engine", "driver", "agent engine"],
  ["supervisor", "tap", "gateway", "driver"],
];
const runs: readonly KillRun[] = [
  ...native.map((victims, seed): KillRun => ({
    name: `native ${seed}: ${victims.join(", ")}`,
    agent: "native",
    seed,
    victims,
  })),
  { name: "openclaw 1", agent: "openclaw", seed: 11, victims: ["openclaw", "tap", "driver"] },
  { name: "openclaw 2", agent: "openclaw", seed: 12, victims: ["gateway", "driver", "openclaw"] },
];

const idOf = (run: string) => run.slice(run.lastIndexOf("/") + 1);
const recordsIn = (run: string) =>
  existsSync(join(run, "records.jsonl")) ? readFileSync(join(run, "records.jsonl"), "utf8") : "";
const episodeCount = (run: string) => recordsIn(run).split('"type":"episode"').length - 1;

function pidsOf(run: string, pattern: RegExp): readonly number[] {
  return processesOf(idOf(run)).filter((pid) => {
    try {
      return pattern.test(readFileSync(`/proc/${pid}/cmdline`, "utf8").replaceAll("\0", " "));
    } catch {
      return false; // It ended while we looked.
    }
  });
}

/** Waits for a moment, kills the part there, and returns how long it took until the command had ended. */
async function killed(
  driver: TollgateProcess,
  run: string,
  { victim, rng }: { readonly victim: Part; readonly rng: Rng },
) {
  const pattern = parts[victim];
  const soon = below(rng, 3) === 0;
  const before = episodeCount(run);
  await driver
    .until(
      () =>
        driver.ended ||
        ((pattern === null || pidsOf(run, pattern).length > 0) && (soon || episodeCount(run) > before)),
      {
        what: `a moment to kill the ${victim}`,
        timeoutMs: 240_000,
      },
    )
    .catch((error: unknown) => {
      if (!driver.ended) throw error;
    });
  await pause(below(rng, soon ? 200 : 1_500));
  const victims = pattern === null ? [] : pidsOf(run, pattern);
  for (const pid of victims) {
    try {
      process.kill(pid, "SIGKILL");
    } catch {
      continue; // It ended by itself.
    }
  }
  if (victim.startsWith("driver") && !driver.ended) driver.child.kill("SIGKILL");
  const fromMs = Date.now();
  // What goes on is ended in another moment, so that there is always something left to do.
  void pause(1_000 + below(rng, 2_000)).then(() => driver.child.kill("SIGKILL"));
  const ended = await driver.finished();
  return { ended, afterMs: Date.now() - fromMs, hit: victims.length > 0 || victim === "driver" };
}

async function expectGone(place: Workplace, run: string): Promise<number> {
  const fromMs = Date.now();
  while ((processesOf(idOf(run)).length > 0 || place.scratch().length > 0) && Date.now() < fromMs + 10_000)
    await pause(50);
  const words = processesOf(idOf(run)).map((pid) =>
    readFileSync(`/proc/${pid}/cmdline`, "utf8").replaceAll("\0", " "),
  );
  expect([words, place.scratch()]).toEqual([[], []]);
  return Date.now() - fromMs;
}

/**
 * Every planned episode has one result. What a killed engine or tap took down with it is recorded as failed, and the resume does it
 * again: those records stand before the result, each with a trajectory of its own.
 */
function expectEveryResultOnce(run: string): void {
  const { cells } = JSON.parse(readFileSync(join(run, "run.json"), "utf8")) as {
    cells: { episodeIds: string[] }[];
  };
  const episodes = episodesOf(run);
  const results = episodes.filter(({ status }) => status !== "failed");
  const planned = cells.flatMap(({ episodeIds }) => episodeIds).toSorted();
  expect(results.map(({ episodeId }) => episodeId).toSorted()).toEqual(planned);
  const last = new Map(episodes.map(({ episodeId, status }) => [episodeId, status]));
  expect([...last.values()].filter((status) => status === "failed")).toEqual([]);
  const stored = readFileSync(join(run, "trajectories.jsonl"), "utf8").trimEnd().split("\n");
  const keys = stored.map((line) => (JSON.parse(line) as { attemptKey: string }).attemptKey);
  expect(keys.toSorted()).toEqual(episodes.map(({ attemptKey }) => attemptKey ?? "").toSorted());
}

test.each(runs)(
  "$name: every part is killed",
  async ({ agent, seed, victims }) => {
    const rng = createRng(20_261_129 + seed);
    const engine = { ...fastEngine, decodeStepMs: agent === "native" ? 8 : 2 };
    using place = new Workplace({
      agent: { kind: agent },
      stack: { kind: "embedded", agent: engine, user: engine },
      arms: [{ kind: "raw" }, { kind: "gateway", level: "L1" }],
      workload: {
        domain: "library",
        tasks: { count: agent === "native" ? 12 : 3 },
        trials: 2,
      },
      sweep: { concurrency: [3] },
      limits: { failures: 0 },
    });
    let again: readonly string[] = [];
    let run = "";
    const log: string[] = [];
    for (const victim of victims) {
      await using driver = place.start(...unchecked, ...again);
      run = await driver.runDirectory(120_000);
      again = ["--resume", run];
      const { ended, afterMs, hit } = await killed(driver, run, { victim, rng });
      // Nothing is left to look for the run's processes when both are gone: `clean` does.
      if (victim === "driver and supervisor") await tollgate(["clean", run], place.environment);
      const goneMs = await expectGone(place, run);
      log.push(
        `${victim}${hit ? "" : " (was not there)"}: ended after ${afterMs} ms with ${ended.code ?? ended.signal}, gone after ${goneMs} ms, ${episodeCount(run)} episodes`,
      );
      expect(ended.stderr).not.toMatch(/bug in Tollgate/);
    }
    const { code } = await place.sweep(...unchecked, ...again);
    await expectGone(place, run);
    process.stdout.write(`${log.join("\n")}\nlast: ${code}\n`);
    expectEveryResultOnce(run);
    const keys = new Set<string>();
    for await (const { recorded } of readRecordedTokens(run)) {
      expect(keys.has(recorded.attemptKey)).toBe(false);
      keys.add(recorded.attemptKey);
    }
    const played = episodesOf(run).filter(({ arm, status }) => arm === "gateway" && status === "completed");
    expect(played.filter(({ attemptKey }) => !keys.has(attemptKey ?? ""))).toEqual([]);
    const report = await tollgate(["report", run, "--format", "json"]);
    expect(report.code).toBe(0);
  },
  30 * minutes,
);
