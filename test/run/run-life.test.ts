import { spawn } from "node:child_process";
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { StartError } from "../../bench/errors.ts";
import { liveRun, type EndFacts, type LiveRun } from "../../bench/run/run-life.ts";
import type { RunOutcome } from "../../bench/run/run-outcome.ts";
import { StopRequest } from "../../bench/run/stop-request.ts";
import { recordSchema, type RunRecord } from "../../bench/store/record.ts";
import { RunDirectory } from "../../bench/store/run-directory.ts";
import { sections } from "../../bench/commands/parts.ts";
import { experimentSchema } from "../../bench/config/experiment.ts";
import { buildIdentity } from "../store/run-builder.ts";

const experiment = experimentSchema(sections).parse({
  name: "x",
  stack: { kind: "embedded" },
  workload: { domain: "library" },
});

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "tollgate-life-"));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

const complete = async (): Promise<RunOutcome> => ({ reason: "complete" });

/** The life of a run with a real directory and a real supervisor, around whatever a test measures. */
class TriedLife {
  readonly told: string[] = [];
  readonly stop = new StopRequest(() => undefined);
  readonly finished: EndFacts[] = [];
  reports = 0;
  live: LiveRun | null = null;
  directory = "";

  async run(
    measure: (live: LiveRun) => Promise<RunOutcome>,
    report: () => Promise<string> = async () => "report",
  ) {
    const run = await RunDirectory.create(folder, { identity: buildIdentity(), pid: process.pid });
    this.directory = run.path;
    return liveRun(
      { run, plannedEpisodes: 1, plannedCells: 1, resumed: false },
      { experiment, environment: {}, stop: this.stop, tell: (line) => this.told.push(line) },
      {
        measure: (live) => {
          this.live = live;
          return measure(live);
        },
        report: () => {
          this.reports += 1;
          return report();
        },
        finished: async (end) => {
          this.finished.push(end);
        },
      },
    );
  }

  get records(): RunRecord[] {
    const lines = readFileSync(join(this.directory, "records.jsonl"), "utf8").trimEnd().split("\n");
    return lines.map((line) => recordSchema.parse(JSON.parse(line)));
  }
}

/** kill -9, as an out-of-memory killer does it. */
async function killSupervisor({ supervisor }: LiveRun): Promise<void> {
  process.kill(supervisor.pid, "SIGKILL");
  await supervisor.died;
}

/** Until none takes the place of the last one. */
async function killEverySupervisor(live: LiveRun): Promise<void> {
  for (let pid = -1; pid !== live.supervisor.pid; await sleep(200)) {
    pid = live.supervisor.pid;
    await killSupervisor(live);
  }
}

describe("the life of a run", () => {
  test("a good run: its first and last record, one report, nothing left", async () => {
    const life = new TriedLife();
    const end = await life.run(complete);
    expect(end).toEqual({ directory: life.directory, outcome: { reason: "complete" }, report: "report" });
    expect(life.records).toMatchObject([
      { type: "run-started", plannedEpisodes: 1, plannedCells: 1, resumed: false },
      { type: "run-ended", reason: "complete", exitCode: 0, error: null },
    ]);
    expect(life.reports).toBe(1);
    expect(existsSync(life.live?.scratchDirectory ?? "")).toBe(false);
    expect(readdirSync(life.directory)).not.toContain("driver.pid");
    expect(life.finished).toEqual([{ reason: "complete", exitCode: 0, error: null }]);
  });

  test("a dead supervisor is replaced: it is said at once, and nothing is missing at the end", async () => {
    const life = new TriedLife();
    const end = await life.run(async (live) => {
      await killSupervisor(live);
      await sleep(1);
      expect(life.told.join()).toMatch(
        /warning: The supervisor ended .*SIGKILL.*Another one has taken its place.*The run goes on\./,
      );
      return { reason: "complete" };
    });
    expect(end.outcome).toEqual({ reason: "complete" });
    expect(life.records.at(-1)).toMatchObject({ reason: "complete", exitCode: 0 });
    expect(existsSync(life.live?.scratchDirectory ?? "")).toBe(false);
  });

  test("supervisors that die time and again: the report is written, and record and exit code agree", async () => {
    const life = new TriedLife();
    const run = life.run(async (live) => {
      await killEverySupervisor(live);
      expect(life.told.join()).toMatch(/warning: The supervisor ended .*SIGKILL.*The run goes on\./);
      return { reason: "complete" };
    });
    await expect(run).rejects.toThrow(/supervisor gave no report.*What was recorded.*`tollgate clean`/s);
    await expect(run).rejects.toBeInstanceOf(StartError);
    expect(life.reports).toBe(1);
    expect(life.records.at(-1)).toMatchObject({
      reason: "failed",
      exitCode: 3,
      error: expect.stringContaining("supervisor"),
    });
    // Nobody else removes it any more.
    expect(existsSync(life.live?.scratchDirectory ?? "")).toBe(false);
  });

  test("a dead supervisor does not hide why the run failed before", async () => {
    const life = new TriedLife();
    const run = life.run(async (live) => {
      await killEverySupervisor(live);
      throw new StartError("agent engine", "no engine");
    });
    await expect(run).rejects.toThrow("no engine");
    expect(life.records.at(-1)).toMatchObject({ reason: "failed", exitCode: 3, error: "no engine" });
    expect(life.told.join("\n")).toMatch(/supervisor gave no report/);
  });

  test("a report that cannot be written does not hide the first error, and is told", async () => {
    const life = new TriedLife();
    const run = life.run(
      () => Promise.reject(new Error("the harness has a bug")),
      () => Promise.reject(new Error("no room for the report")),
    );
    await expect(run).rejects.toThrow("the harness has a bug");
    expect(life.told).toContain("no room for the report");
    expect(life.records.at(-1)).toMatchObject({ reason: "failed", exitCode: 1 });
  });

  test("a report that cannot be written is the error of a run that was good until then", async () => {
    const life = new TriedLife();
    const run = life.run(complete, () => Promise.reject(new Error("no room for the report")));
    await expect(run).rejects.toThrow("no room for the report");
    expect(life.records.at(-1)).toMatchObject({ reason: "complete", exitCode: 0 });
    expect(life.finished).toHaveLength(1);
  });

  test("what a second Ctrl-C breaks off is an interruption, not a failure", async () => {
    const life = new TriedLife();
    const end = await life.run(async () => {
      life.stop.request("sigint");
      life.stop.request("sigint");
      throw new Error("cancelled");
    });
    expect(end).toMatchObject({ outcome: { reason: "interrupted" }, report: "report" });
    expect(life.records.at(-1)).toMatchObject({ reason: "interrupted", exitCode: 130, error: null });
  });

  test("whatever is measured has a supervisor that ends its processes", async () => {
    const life = new TriedLife();
    await life.run(async (live) => {
      spawn("sleep", ["600"], { detached: true, env: { ...live.supervisor.environment } }).unref();
      await sleep(50);
      return { reason: "complete" };
    });
    expect(life.told.join("\n")).toMatch(/ended 1 processes that were still running/);
  });
});
