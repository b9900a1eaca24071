import { readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { fastEngine, lastLine, slowStack, sound, unchecked, Workplace } from "./small-experiment.ts";
import { countTokens } from "./token-counts.ts";
import {
  cellSummaries,
  episodesOf,
  expectExit,
  processesOf,
  readRecords,
  tollgate,
  type Finished,
} from "./tollgate-process.ts";

const minutes = 60_000;
const raw = [{ kind: "raw" }];

const faultyAgent = (...faults: readonly string[]) => ({
  kind: "embedded",
  agent: { ...fastEngine, faults },
  user: fastEngine,
});

/** Nothing of the run lives, and its scratch folder is gone. */
function expectNothingLeft(place: Workplace, run: string): void {
  expect([processesOf(run.slice(run.lastIndexOf("/") + 1)), place.scratch()]).toEqual([[], []]);
}

const outcomes = (run: string, arm?: string) =>
  episodesOf(run)
    .filter((episode) => arm === undefined || episode.arm === arm)
    .map(({ status, reward, failure }) => [status, reward, failure?.class ?? null]);

function verdicts(run: string): Record<string, unknown> {
  return Object.fromEntries(
    Object.entries(cellSummaries(run)).map(([cell, summary]) => [cell, summary["verdict"]]),
  );
}

test(
  "an engine that reports one token too many makes every cell a token-mismatch",
  async () => {
    using place = new Workplace({ stack: faultyAgent("usage-skew") });
    const sweep = await place.sweep(...unchecked);
    const run = lastLine(sweep);
    expectExit(sweep, 1);
    expect(verdicts(run)).toEqual({ "c2-r0-raw": "token-mismatch", "c2-r0-gateway": "token-mismatch" });
    expect(outcomes(run)).toEqual(Array.from({ length: 4 }, () => ["completed", 1, null]));
    for (const cell of Object.keys(verdicts(run))) {
      const { outer, inner, engine } = countTokens(join(run, "evidence", cell, "s0"));
      const requests = episodesOf(run)
        .filter(({ cellId }) => cellId === cell)
        .reduce((sum, { requests }) => sum + requests, 0);
      expect([inner, engine]).toEqual([outer, [outer[0], outer[1] - requests]]);
    }
  },
  4 * minutes,
);

test(
  "an engine that reports no usage makes every cell a token-mismatch, and no token sum is made up",
  async () => {
    using place = new Workplace({ stack: faultyAgent("drop-usage") });
    const sweep = await place.sweep(...unchecked);
    const run = lastLine(sweep);
    expectExit(sweep, 1);
    expect(verdicts(run)).toEqual({ "c2-r0-raw": "token-mismatch", "c2-r0-gateway": "token-mismatch" });
    expect(
      episodesOf(run).map(({ promptTokens, completionTokens }) => [promptTokens, completionTokens]),
    ).toEqual(Array.from({ length: 4 }, () => [null, null]));
  },
  4 * minutes,
);

test(
  "an engine that dies in a cell: what was finished is kept, the rest says why, and the run can go on",
  async () => {
    const workload = { domain: "library", tasks: { count: 4 } };
    using place = new Workplace({
      stack: faultyAgent("die-after=12"),
      workload,
      sweep: { concurrency: [1] },
    });
    const sweep = await place.sweep(...unchecked);
    const run = lastLine(sweep);
    expectExit(sweep, 1);
    expect(sweep.stderr).toMatch(/The engine ended during cell c1-r0-raw: simulated agent engine .* SIGKILL/);
    expect(sweep.stderr).toContain(`tollgate resume ${run}`);
    expectNothingLeft(place, run);
    const before = episodesOf(run);
    const failed = before.filter(({ status }) => status === "failed");
    const completed = before.filter(({ status }) => status === "completed");
    expect(Math.min(failed.length, completed.length)).toBeGreaterThanOrEqual(1);
    expect(outcomes(run)).toEqual([
      ...completed.map(() => ["completed", 1, null]),
      ...failed.map(() => ["failed", null, "engine"]),
    ]);
    expect(verdicts(run)).toEqual({ "c1-r0-raw": "engine-died" });
    expect(readRecords(run).at(-1)).toMatchObject({ type: "run-ended", reason: "failed", exitCode: 1 });

    const resumed = await place.sweep(...unchecked, "--resume", run);
    expectExit(resumed, 1);
    expect(lastLine(resumed)).toBe(run);
    const ids = episodesOf(run).map(({ episodeId }) => episodeId);
    expect(ids.slice(0, before.length)).toEqual(before.map(({ episodeId }) => episodeId));
    expect(ids.length).toBeGreaterThan(before.length);
    // What the engine took with it is run again, what was completed is not.
    const times = (of: typeof before) =>
      of.map(({ episodeId }) => ids.filter((id) => id === episodeId).length);
    expect(times(failed)).toEqual(failed.map(() => 2));
    expect(times(completed)).toEqual(completed.map(() => 1));
    expectNothingLeft(place, run);
  },
  6 * minutes,
);

test(
  "an engine that answers 500 or cuts its streams fails those episodes as the engine's, in both arms",
  async () => {
    const workload = { domain: "library", tasks: { count: 4 } };
    using place = new Workplace({
      stack: faultyAgent("http-500=7", "cut-stream=11"),
      workload,
      sweep: { concurrency: [1] },
    });
    const sweep = await place.sweep(...unchecked);
    const run = lastLine(sweep);
    for (const arm of ["raw", "gateway"]) {
      const found = outcomes(run, arm);
      expect(found).toHaveLength(4);
      expect(found).toContainEqual(["failed", null, "engine"]);
      expect(found).toContainEqual(["completed", 1, null]);
      expect(found.filter(([, , failure]) => failure !== null && failure !== "engine")).toEqual([]);
    }
    const report = JSON.parse((await tollgate(["report", run, "--format", "json"])).stdout) as {
      cells: { episodes: { byFailureClass: Record<string, number> } }[];
    };
    for (const { episodes } of report.cells) expect(Object.keys(episodes.byFailureClass)).toEqual(["engine"]);
  },
  4 * minutes,
);

test(
  "a gateway that is killed fails its own episodes only; the raw cells after it are run",
  async () => {
    const workload = { domain: "library", tasks: { count: 2 } };
    using place = new Workplace({
      stack: slowStack,
      arms: [{ kind: "gateway" }, { kind: "raw" }],
      workload,
      sweep: { concurrency: [1] },
    });
    await using sweeping = place.start();
    const run = await sweeping.runDirectory();
    await sweeping.until(() => sweeping.stderr.includes("cell 1/2 c1-r0-gateway"), { what: "a first cell" });
    await sweeping.until(() => episodesOf(run).length > 0, { what: "a first episode" });
    process.kill(gatewayPid(run.slice(run.lastIndexOf("/") + 1)), "SIGKILL");
    const sweep: Finished = await sweeping.finished();
    expectExit(sweep, 1);
    expect(lastLine(sweep)).toBe(run);
    expect(sweep.stderr).toMatch(/The gateway ended during cell c1-r0-gateway/);
    expect(outcomes(run, "gateway")).toEqual([
      ["completed", 1, null],
      ["failed", null, "gateway"],
    ]);
    expect(outcomes(run, "raw")).toEqual(Array.from({ length: 2 }, () => ["completed", 1, null]));
    expect(verdicts(run)).toEqual({ "c1-r0-gateway": "engine-died", "c1-r0-raw": sound });
    expectNothingLeft(place, run);
  },
  4 * minutes,
);

test(
  "malformed tool arguments are the model's failure: reward 0, and no infrastructure class",
  async () => {
    using place = new Workplace({ stack: faultyAgent("malformed-tool-json"), arms: raw });
    const sweep = await place.sweep(...unchecked);
    const run = lastLine(sweep);
    expectExit(sweep, 0);
    expect(outcomes(run)).toEqual([
      ["completed", 0, null],
      ["completed", 0, null],
    ]);
    expect(episodesOf(run).map(({ termination }) => termination)).toEqual(["agent_error", "agent_error"]);
  },
  4 * minutes,
);

test(
  "a model that hangs: a turn's limit times the episode out, a call's limit blames the engine",
  async () => {
    const limits = { drainSeconds: 1 };
    using place = new Workplace({ stack: faultyAgent("hang"), limits: { ...limits, turnSeconds: 1 } });
    const turns = await place.sweep(...unchecked);
    expect(outcomes(lastLine(turns))).toEqual(Array.from({ length: 4 }, () => ["timed-out", 0, null]));
    place.write({ stack: faultyAgent("hang"), limits: { ...limits, callSeconds: 1 } });
    const calls = await place.sweep(...unchecked);
    expect(outcomes(lastLine(calls))).toEqual(Array.from({ length: 4 }, () => ["failed", null, "engine"]));
    expectNothingLeft(place, lastLine(calls));
  },
  6 * minutes,
);

test(
  "a user model that hangs: the episode's own limit is a result, the call's limit blames the user engine",
  async () => {
    const stack = { kind: "embedded", agent: fastEngine, user: { ...fastEngine, faults: ["hang"] } };
    const limits = { drainSeconds: 1 };
    using place = new Workplace({ stack, arms: raw, limits: { ...limits, episodeSeconds: 1 } });
    const episodes = await place.sweep(...unchecked);
    expect(outcomes(lastLine(episodes))).toEqual([
      ["timed-out", 0, null],
      ["timed-out", 0, null],
    ]);
    place.write({ stack, arms: raw, limits: { ...limits, callSeconds: 1 } });
    const calls = await place.sweep(...unchecked);
    expect(outcomes(lastLine(calls))).toEqual([
      ["failed", null, "user-engine"],
      ["failed", null, "user-engine"],
    ]);
  },
  6 * minutes,
);

const commandLine = (pid: number) => readFileSync(`/proc/${pid}/cmdline`, "utf8").split("\0");

/** Pid of the process of this run that is the recording gateway. */
function gatewayPid(runId: string): number {
  const pid = processesOf(runId).find((pid) => commandLine(pid).includes("gateway"));
  if (pid === undefined) throw new Error(`no gateway of ${runId} is running`);
  return pid;
}
