import { mkdirSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { systemClock } from "../../bench/measure/clock.ts";
import type { EngineRecovery, Recovery } from "../../bench/run/engine-recovery.ts";
import { FailureWatch } from "../../bench/run/failure-watch.ts";
import type { PlannedCellRun } from "../../bench/run/remaining-work.ts";
import { runSweep, type SweepParts } from "../../bench/run/sweep.ts";
import { StopRequest } from "../../bench/run/stop-request.ts";
import type { Engine } from "../../bench/stack/engine.ts";
import type { RunningArm, StackDeath } from "../../bench/stack/stack.ts";
import type { EpisodeRecord, RunRecord } from "../../bench/store/record.ts";
import { notStarted } from "../../bench/workload/not-started.ts";
import type { AttemptContext, EpisodeResult, Failure, FailureClass } from "../../bench/workload/workload.ts";
import { executedCall } from "../workload/exchange-builder.ts";
import { serve, sglangPage } from "../metrics/server.ts";

const score = { name: "reward", value: 1, passed: true, parts: null, details: null };
const { ...facts } = notStarted(null);
const passed: EpisodeResult = { ...facts, status: "completed", scores: [score] };
const failedBy = (by: FailureClass): EpisodeResult => notStarted({ class: by, message: "500" });

type Attempt = (taskId: string, context: AttemptContext) => EpisodeResult | Promise<EpisodeResult>;

type Attempted = EpisodeResult & { readonly failure: Failure | null };

/** A sweep over plain objects: two arms, one engine, episodes that end as a test says. */
class TriedSweep {
  readonly records: RunRecord[] = [];
  readonly episodes: EpisodeRecord[] = [];
  readonly summarised: string[] = [];
  readonly sessions: string[] = [];
  readonly told: string[] = [];
  readonly stop = new StopRequest(() => undefined);
  failures = new FailureWatch(0);
  death: StackDeath | null = null;
  attempt: Attempt = () => passed;
  /** What the recovery answers to a death, one after the other; it forgets the death. */
  recoveries: Recovery[] = [];
  retriesMax = 0;
  cellMs = 60_000;
  /** Of the run; on disk is only the tool server's log. */
  path = "/run";

  cells(...arms: readonly string[]): PlannedCellRun[] {
    return arms.map((name, at) => ({
      cell: { cellId: `c${at}-${name}`, arm: this.#spec(name), concurrency: 1, repetition: 0 },
      segmentId: "s0",
      remaining: ["1", "2"].map((taskId) => ({
        episodeId: `${at}${taskId}`.padEnd(16, "0"),
        task: { taskId, trial: 0, seed: 1, facts: { domain: "library" } },
      })),
    }));
  }

  async run(cells: readonly PlannedCellRun[]) {
    return runSweep(await this.#parts(), cells);
  }

  /** `segment: reason` of every segment, in the order in which they ended. */
  get segments(): string[] {
    return this.records.flatMap((record) =>
      record.type === "segment-ended" ? [`${record.cellId}/${record.segmentId}: ${record.reason}`] : [],
    );
  }

  get stored(): string[] {
    return this.episodes.map(
      ({ cellId, segmentId, taskId, status }) => `${cellId}/${segmentId} ${taskId} ${status}`,
    );
  }

  #spec(name: string): RunningArm["spec"] {
    return name === "gateway" ? { kind: "gateway", name, level: "L2" } : { kind: "raw", name };
  }

  async #parts(): Promise<SweepParts> {
    const url = await serve((_, response) => response.end(sglangPage({ running: 0, queued: 0 })));
    const agentEngine: Engine = {
      role: "agent",
      url,
      model: "m",
      apiKey: "k",
      metricsUrl: `${url}/metrics`,
      contextLength: null,
      identity: { name: "sglang", version: null, simulated: true },
      processIdentity: { pid: null, startId: null, infoSha256: null },
    };
    const recovery: Pick<EngineRecovery, "after"> = {
      after: async () => {
        const next = this.recoveries.shift() ?? "none";
        if (next !== "none") this.death = null;
        return next;
      },
    };
    return {
      agent: { name: "native", version: "1" },
      prepared: {
        warmUp: async () => undefined,
        renew: async () => false,
        attempt: async ({ taskId }, context) => this.attempt(taskId, context),
        eventLoopLoad: async () => [],
        [Symbol.asyncDispose]: async () => undefined,
      },
      stack: {
        kind: "embedded",
        agentEngine,
        userEngine: null,
        userBaseUrl: null,
        arms: ["raw", "gateway"].map((name) => this.#arm(name)),
        failedArms: [],
        tap: {
          pid: 1,
          scheduling: { policy: "real-time" },
          died: new Promise(() => undefined),
          listen: async () => url,
          openSegment: async () => undefined,
          closeSegment: async () => ({
            totals: {},
            connections: {},
            loop: { eventLoopUtilization: 0, loopDelayMs: null },
            unfinished: 0,
            evidenceError: null,
          }),
          take: async () => [],
          [Symbol.asyncDispose]: async () => undefined,
        },
        death: (arm) => (this.death?.arm === null || this.death?.arm === arm ? this.death : null),
        revive: this.recoveries.length > 0 ? async () => undefined : null,
        [Symbol.asyncDispose]: async () => undefined,
      },
      run: {
        path: this.path,
        segmentDirectory: async () => "/run",
        append: async (record) => void this.records.push(record),
        writeFile: async () => undefined,
        appendEpisode: async (record) => void this.episodes.push(record),
      },
      clock: systemClock,
      stop: this.stop,
      watchers: [],
      limits: { callMs: 1000, cellMs: this.cellMs, drainMs: 1000 },
      keepBodies: false,
      sampleSeconds: 0,
      power: null,
      retriesMax: this.retriesMax,
      recovery,
      failures: this.failures,
      summarise: async (cellId) => void this.summarised.push(cellId),
      tell: (text) => this.told.push(text),
    };
  }

  #arm(name: string): RunningArm {
    return {
      spec: this.#spec(name),
      baseUrl: `http://${name}/v1`,
      innerTapped: true,
      metricsUrl: null,
      openSession: async (attemptKey) => {
        this.sessions.push(attemptKey);
        const close = async () => ({ rewardMs: null, exportMs: null, interactions: null, recorded: null });
        return { apiKey: "k", startMs: null, close };
      },
    };
  }
}

describe("a sweep", () => {
  test("runs its cells in order, stores every episode, and sums each cell up", async () => {
    const sweep = new TriedSweep();
    expect(await sweep.run(sweep.cells("raw", "gateway"))).toEqual({ reason: "complete" });
    expect(sweep.stored).toEqual([
      "c0-raw/s0 1 completed",
      "c0-raw/s0 2 completed",
      "c1-gateway/s0 1 completed",
      "c1-gateway/s0 2 completed",
    ]);
    expect(sweep.segments).toEqual(["c0-raw/s0: complete", "c1-gateway/s0: complete"]);
    expect(sweep.summarised).toEqual(["c0-raw", "c1-gateway"]);
  });

  test("leaves out a cell in which nothing is left to do", async () => {
    const sweep = new TriedSweep();
    const [done, open] = sweep.cells("raw", "raw");
    if (!done || !open) throw new Error("two cells were asked for");
    await sweep.run([{ ...done, remaining: [] }, open]);
    expect(sweep.segments).toEqual(["c1-raw/s0: complete"]);
  });

  test("asked to stop: the episode in flight ends, nothing new begins, the segment is interrupted", async () => {
    const sweep = new TriedSweep();
    sweep.attempt = () => {
      sweep.stop.request("sigint");
      return passed;
    };
    expect(await sweep.run(sweep.cells("raw", "gateway"))).toEqual({ reason: "interrupted" });
    expect(sweep.stored).toEqual(["c0-raw/s0 1 completed"]);
    expect(sweep.segments).toEqual(["c0-raw/s0: interrupted"]);
  });

  test("a cancelled attempt is no result and is not stored", async () => {
    const sweep = new TriedSweep();
    sweep.attempt = (taskId) => (taskId === "1" ? notStarted(null) : passed);
    expect(await sweep.run(sweep.cells("raw"))).toEqual({ reason: "interrupted" });
    expect(sweep.stored).toEqual(["c0-raw/s0 2 completed"]);
  });

  test("a cell whose own time is up is interrupted; the next one is run all the same", async () => {
    const sweep = new TriedSweep();
    sweep.cellMs = 30;
    sweep.attempt = async (taskId, { signal, agent }) => {
      if (agent.baseUrl.includes("gateway") || taskId === "2") return passed;
      await new Promise((resolve) => signal.addEventListener("abort", resolve));
      return notStarted(null);
    };
    expect(await sweep.run(sweep.cells("raw", "gateway"))).toEqual({ reason: "interrupted" });
    expect(sweep.segments).toEqual(["c0-raw/s0: interrupted", "c1-gateway/s0: complete"]);
    expect(sweep.told.join()).toMatch(/c0-raw reached limits\.cellSeconds/);
  });

  test("a gateway that dies fails its own cells, once told, and the other arms' cells are run", async () => {
    const sweep = new TriedSweep();
    sweep.attempt = (_, { agent }) => {
      if (agent.baseUrl.includes("raw")) return passed;
      sweep.death = { part: "gateway", arm: "gateway", message: "exit code 1" };
      return failedBy("gateway");
    };
    expect(await sweep.run(sweep.cells("gateway", "raw", "gateway"))).toEqual({
      reason: "failed",
      message: "The gateway ended during cell c0-gateway: exit code 1",
    });
    expect(sweep.segments).toEqual(["c0-gateway/s0: engine-died", "c1-raw/s0: complete"]);
  });

  test("an engine that comes back: what died with it is done again in a new segment, what was finished is not", async () => {
    const sweep = new TriedSweep();
    sweep.recoveries = ["finish-cell"];
    sweep.attempt = (taskId, { attemptKey }) => {
      if (taskId === "1" || attemptKey.endsWith("-s1")) return passed;
      sweep.death = { part: "engine", arm: null, message: "exit code 137" };
      return failedBy("engine");
    };
    expect(await sweep.run(sweep.cells("raw"))).toEqual({ reason: "complete" });
    expect(sweep.stored).toEqual(["c0-raw/s0 1 completed", "c0-raw/s0 2 failed", "c0-raw/s1 2 completed"]);
    expect(sweep.segments).toEqual(["c0-raw/s0: engine-died", "c0-raw/s1: complete"]);
  });

  test("an engine that is not finished with: the cell is left, and the next one is run", async () => {
    const sweep = new TriedSweep();
    sweep.recoveries = ["next-cell"];
    sweep.attempt = (_, { episodeId }) => {
      if (!episodeId.startsWith("0")) return passed;
      sweep.death = { part: "engine", arm: null, message: "exit code 137" };
      return failedBy("engine");
    };
    expect(await sweep.run(sweep.cells("raw", "raw"))).toMatchObject({ reason: "failed" });
    expect(sweep.segments).toEqual(["c0-raw/s0: engine-died", "c1-raw/s0: complete"]);
  });

  test("the policy to stop ends the sweep at the cell of the death", async () => {
    const sweep = new TriedSweep();
    sweep.recoveries = ["stop"];
    sweep.attempt = () => {
      sweep.death = { part: "engine", arm: null, message: "exit code 137" };
      return failedBy("engine");
    };
    expect(await sweep.run(sweep.cells("raw", "raw"))).toMatchObject({ reason: "failed" });
    expect(sweep.segments).toEqual(["c0-raw/s0: engine-died"]);
  });

  test("a bug of the harness ends the sweep, with its segment closed as interrupted", async () => {
    const sweep = new TriedSweep();
    sweep.attempt = () => Promise.reject(new Error("a bug"));
    await expect(sweep.run(sweep.cells("raw", "gateway"))).rejects.toThrow("a bug");
    expect(sweep.segments).toEqual(["c0-raw/s0: interrupted"]);
  });
});

describe("failures in a row", () => {
  const byArm: Attempt = (_, { agent }) => (agent.baseUrl.includes("raw") ? passed : failedBy("gateway"));

  test("end the run: exit code 4, and no further cell is begun", async () => {
    const sweep = new TriedSweep();
    sweep.failures = new FailureWatch(1);
    sweep.attempt = () => failedBy("engine");
    const outcome = await sweep.run(sweep.cells("raw", "raw"));
    expect(outcome).toMatchObject({ reason: "failed", exitCode: 4 });
    expect(sweep.segments).toEqual(["c0-raw/s0: interrupted"]);
    expect(sweep.stored).toEqual(["c0-raw/s0 1 failed"]);
    expect(outcome).toMatchObject({ message: expect.stringContaining("1 episodes in a row failed") });
  });

  test("of one arm's gateway give up that arm: the others' cells are run, exit code 4", async () => {
    const sweep = new TriedSweep();
    sweep.failures = new FailureWatch(2);
    sweep.attempt = byArm;
    const outcome = await sweep.run(sweep.cells("gateway", "raw", "gateway"));
    expect(outcome).toMatchObject({ exitCode: 4, message: expect.stringContaining("the other arms go on") });
    expect(sweep.segments).toEqual(["c0-gateway/s0: complete", "c1-raw/s0: complete"]);
  });

  test("are not counted where an engine died and comes back", async () => {
    const sweep = new TriedSweep();
    sweep.failures = new FailureWatch(1);
    sweep.recoveries = ["finish-cell"];
    sweep.attempt = (_, { attemptKey }) => {
      if (attemptKey.endsWith("-s1")) return passed;
      sweep.death = { part: "engine", arm: null, message: "exit code 137" };
      return failedBy("engine");
    };
    expect(await sweep.run(sweep.cells("raw"))).toEqual({ reason: "complete" });
    expect(sweep.segments).toEqual(["c0-raw/s0: engine-died", "c0-raw/s1: complete"]);
  });

  test("count episodes, not their retries; an arm that was given up tries nothing again", async () => {
    const sweep = new TriedSweep();
    sweep.failures = new FailureWatch(1);
    sweep.retriesMax = 2;
    sweep.attempt = () => failedBy("tool-server");
    await sweep.run(sweep.cells("raw", "raw"));
    expect(sweep.sessions.map((key) => key.slice(16))).toEqual(["-s0", "-s0-r1", "-s0-r2"]);
  });
});

describe("an attempt", () => {
  test("that a failed part ended is tried again with a new session, and only the last one is stored", async () => {
    const sweep = new TriedSweep();
    sweep.retriesMax = 2;
    sweep.attempt = (taskId, { attemptKey }) =>
      taskId === "1" && !attemptKey.endsWith("-r2") ? failedBy("tool-server") : passed;
    await sweep.run(sweep.cells("raw"));
    expect(sweep.sessions.map((key) => key.slice(16))).toEqual(["-s0", "-s0-r1", "-s0-r2", "-s0"]);
    expect(sweep.episodes.map(({ status, retries }) => [status, retries])).toEqual([
      ["completed", 2],
      ["completed", undefined],
    ]);
  });

  test("is not tried again in a benchmark, nor after a death, nor after a request to stop", async () => {
    const benchmark = new TriedSweep();
    benchmark.attempt = () => failedBy("tool-server");
    await benchmark.run(benchmark.cells("raw"));
    expect(benchmark.sessions).toHaveLength(2);

    const stopped = new TriedSweep();
    stopped.retriesMax = 5;
    stopped.attempt = () => {
      stopped.stop.request("budget");
      return failedBy("tool-server");
    };
    await stopped.run(stopped.cells("raw"));
    expect(stopped.sessions).toHaveLength(1);

    const dead = new TriedSweep();
    dead.retriesMax = 5;
    dead.attempt = () => {
      dead.death = { part: "engine", arm: null, message: "exit code 137" };
      return failedBy("engine");
    };
    await dead.run(dead.cells("raw"));
    expect(dead.sessions).toHaveLength(1);
  });

  test("whose request never reached the engine is the gateway's failure; in the raw arm it is the engine's", async () => {
    const sweep = new TriedSweep();
    sweep.attempt = () => failedBy("engine");
    await sweep.run(sweep.cells("gateway"));
    expect(sweep.episodes.map(({ failure }) => failure?.class)).toEqual(["gateway", "gateway"]);
    const raw = new TriedSweep();
    raw.attempt = () => failedBy("engine");
    await raw.run(raw.cells("raw"));
    expect(raw.episodes.map(({ failure }) => failure?.class)).toEqual(["engine", "engine"]);
  });

  const unjudged = { class: "tool-server", message: "evaluate: Tool message expected." } as const;

  test.for<[string, Attempted, Attempted["failure"], string]>([
    ["is judged", { ...passed, failure: null }, null, ""],
    [
      "cannot be judged",
      { ...facts, termination: "user_stop", status: "failed", failure: unjudged },
      unjudged,
      "; it could not be judged: evaluate: Tool message expected.",
    ],
  ])(
    "whose transcript has another call than the tool server's log has no reward where it %s",
    async ([, ended, failure, also], { onTestFinished }) => {
      const sweep = new TriedSweep();
      sweep.path = mkdtempSync(join(tmpdir(), "tollgate-attempt-"));
      onTestFinished(() => rmSync(sweep.path, { recursive: true }));
      mkdirSync(join(sweep.path, "evidence", "c0-raw", "s0"), { recursive: true });
      sweep.attempt = (taskId, { logToolCall }) => {
        const executed = executedCall({
          name: taskId === "1" ? "renew" : "find",
          argumentsText: '{"id": 1}',
        });
        logToolCall(executed);
        logToolCall({ ...executed, requestor: "user" });
        const call = { id: "c1", name: "renew", arguments: '{"id":1}' };
        const said = {
          role: "assistant",
          content: null,
          toolCalls: [call],
          requestId: "r1",
          usage: null,
        } as const;
        const result = { role: "tool", toolCallId: "c1", content: "", error: false } as const;
        const messages = [said, { ...result, requestor: "assistant", answeredBy: "tool-server" } as const];
        return { ...ended, transcript: { ...facts.transcript, messages } };
      };
      await sweep.run(sweep.cells("raw"));
      const message = `the transcript differs from the tool server's log: call 1 is renew({"id":1}) in the transcript, and the tool server executed find({"id": 1})${also}`;
      expect(sweep.episodes.map((episode) => episode.failure)).toEqual([
        failure,
        { class: "harness", message },
      ]);
      expect(sweep.episodes.map(({ reward }) => reward)).toEqual([failure === null ? 1 : null, null]);
    },
  );
});
