import { readFileSync } from "node:fs";
import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { describe, expect, onTestFinished, test } from "vitest";
import { systemClock } from "../../bench/measure/clock.ts";
import { measure, type MeasuredSection, type SectionParts } from "../../bench/run/measured-section.ts";
import type { StackDeath } from "../../bench/stack/stack.ts";
import { engineSampleSchema } from "../../bench/store/engine-sample.ts";
import type { RunRecord } from "../../bench/store/record.ts";
import { segmentFactsSchema } from "../../bench/store/segment-facts.ts";
import { StorageError } from "../../bench/store/storage-error.ts";
import { serve, sglangPage } from "../metrics/server.ts";

const idle = sglangPage({ running: 0, queued: 0 });
const engineDeath: StackDeath = { part: "engine", arm: null, message: "exit code 9" };

/** A run that notes, in order, everything that a section asks of it. */
class NotedRun {
  readonly steps: string[] = [];
  readonly files = new Map<string, string>();
  readonly records: RunRecord[] = [];
  readonly told: string[] = [];
  readonly cancel = new AbortController();
  death: StackDeath | null = null;
  unfinished = 0;
  loadsAsked = 0;
  evidenceError: string | null = null;
  page = idle;

  /** Two looks at one page are a drain, one is a snapshot: both are noted as `page`. */
  async engine(role: "agent" | "user"): Promise<MeasuredSection["engines"][number]> {
    const url = await serve((request, response) => {
      if (request.url?.startsWith("/v1/loads")) {
        this.loadsAsked += 1;
        response.writeHead(404).end();
        return;
      }
      this.note(`page ${role}`);
      if (this.page === "") response.writeHead(503).end();
      else response.end(this.page);
    });
    const identity = { name: null, version: "1", simulated: false };
    const processIdentity = { pid: 7, startId: "a", infoSha256: null };
    return { role, metricsUrl: url, identity, processIdentity };
  }

  note(step: string): void {
    this.steps.push(step);
  }

  get parts(): SectionParts {
    return {
      stack: {
        death: () => this.death,
        tap: {
          scheduling: { policy: "real-time" },
          openSegment: async (directory, bodies) => this.note(`open taps ${directory} ${String(bodies)}`),
          closeSegment: async () => {
            this.note("close taps");
            const loop = { eventLoopUtilization: 0.1, loopDelayMs: null };
            const { unfinished, evidenceError } = this;
            return { totals: {}, connections: {}, loop, unfinished, evidenceError };
          },
        },
      },
      run: {
        segmentDirectory: async (cellId, segmentId) => `/run/${cellId}/${segmentId}`,
        append: async (record) => {
          this.records.push(record);
          this.note(record.type);
        },
        writeFile: async (path, text) => {
          this.files.set(path, text);
          this.note(path.slice(path.lastIndexOf("/") + 1));
        },
      },
      clock: systemClock,
      stop: { cancelled: this.cancel.signal },
      limits: { drainMs: 500 },
      tell: (text) => this.told.push(text),
    };
  }

  section(
    engines: MeasuredSection["engines"],
    work: () => Promise<boolean>,
    changes: Partial<MeasuredSection> = {},
  ): MeasuredSection {
    const noted = (step: string) => async () => {
      this.note(step);
      return true;
    };
    return {
      cellId: "c1",
      segmentId: "s0",
      load: "closed:1",
      arm: { name: "raw", innerTapped: true, rewrites: [] },
      engines,
      gatewayPage: null,
      keepBodies: true,
      prepare: noted("prepare"),
      work: async () => {
        this.note("work");
        return work();
      },
      finish: async () => {
        this.note("finish");
        return { pressure: [{ process: "driver", eventLoopUtilization: 0.5 }] };
      },
      ...changes,
    };
  }

  get facts() {
    return segmentFactsSchema.parse(JSON.parse(this.files.get("/run/c1/s0/segment.json") ?? "null"));
  }

  get ended() {
    return this.records.find((record) => record.type === "segment-ended");
  }
}

const whole = async () => true;

describe("a measured section", () => {
  test("drains, prepares, snapshots, opens the taps, works, drains, snapshots, closes the taps, says so last", async () => {
    const run = new NotedRun();
    const end = await measure(run.parts, run.section([await run.engine("agent")], whole));
    expect(run.steps).toEqual([
      "page agent",
      "page agent",
      "prepare",
      "page agent",
      "agent-before.prom",
      "open taps /run/c1/s0 true",
      "segment-started",
      "work",
      "page agent",
      "page agent",
      "page agent",
      "agent-after.prom",
      "close taps",
      "finish",
      "fidelity.json",
      "segment.json",
      "segment-ended",
    ]);
    expect(end).toEqual({ reason: "complete", death: null });
    expect(run.ended).toMatchObject({ reason: "complete", drained: true });
    expect(run.facts.pressure.map(({ process }) => process)).toEqual(["driver", "tap"]);
    expect(Object.keys(run.facts.engineIdentity ?? {})).toEqual(["agent"]);
  });

  test("reads both engines and the gateway's page, each under its own name", async () => {
    const run = new NotedRun();
    const gateway = await run.engine("agent");
    const engines = [await run.engine("agent"), await run.engine("user")];
    await measure(run.parts, run.section(engines, whole, { gatewayPage: gateway.metricsUrl }));
    const names = [...run.files.keys()].map((path) => path.replace("/run/c1/s0/", "")).toSorted();
    expect(names).toEqual([
      "agent-after.prom",
      "agent-before.prom",
      "fidelity.json",
      "gateway-after.prom",
      "gateway-before.prom",
      "segment.json",
      "user-after.prom",
      "user-before.prom",
    ]);
  });

  test("work that was not done whole makes the segment interrupted", async () => {
    const run = new NotedRun();
    expect(
      await measure(
        run.parts,
        run.section([], async () => false),
      ),
    ).toEqual({
      reason: "interrupted",
      death: null,
    });
  });

  test("after a death it does not wait for an engine to become idle, and the segment says who ended", async () => {
    const run = new NotedRun();
    const end = await measure(
      run.parts,
      run.section([await run.engine("agent")], async () => {
        run.death = engineDeath;
        run.steps.length = 0;
        return false;
      }),
    );
    expect(end).toEqual({ reason: "engine-died", death: engineDeath });
    // One look for the snapshot, none for a drain.
    expect(run.steps.filter((step) => step === "page agent")).toHaveLength(1);
    expect(run.facts.drained).toBe(false);
  });

  test("a part that ends while the segment is being closed ends this segment, not the next one", async () => {
    const run = new NotedRun();
    const section = run.section([], whole, {
      finish: async () => {
        run.death = engineDeath;
        return { pressure: [] };
      },
    });
    expect(await measure(run.parts, section)).toEqual({ reason: "engine-died", death: engineDeath });
    expect(run.ended).toMatchObject({ reason: "engine-died" });
  });

  test("a dead tap is not asked for its report, and without it nothing counts as drained", async () => {
    const run = new NotedRun();
    await measure(
      run.parts,
      run.section([], async () => {
        run.death = { part: "tap", arm: null, message: "exit code 1" };
        return false;
      }),
    );
    expect(run.steps).not.toContain("close taps");
    expect(run.facts).toMatchObject({ drained: false, tapTotals: {} });
    expect(run.facts.pressure.map(({ process }) => process)).toEqual(["driver"]);
  });

  test("exchanges that have not ended when the taps close make the segment not drained", async () => {
    const run = new NotedRun();
    run.unfinished = 1;
    await measure(run.parts, run.section([], whole));
    expect(run.ended).toMatchObject({ reason: "complete", drained: false });
  });

  test("a page that cannot be read is absent, with the reason; the work goes on", async () => {
    const run = new NotedRun();
    run.page = "";
    const end = await measure(run.parts, run.section([await run.engine("agent")], whole));
    expect(end.reason).toBe("complete");
    expect([...run.files.keys()]).toEqual(["/run/c1/s0/fidelity.json", "/run/c1/s0/segment.json"]);
    expect(run.facts.scrapeErrors["agent"]).toMatch(/503/);
    expect(run.facts.drained).toBe(false);
    expect(run.told.join("\n")).toMatch(/no before snapshot of the agent/);
  });

  test("work that throws: the segment is closed as interrupted, and the error goes on", async () => {
    const run = new NotedRun();
    const failing = run.section([], () => Promise.reject(new Error("a bug")));
    await expect(measure(run.parts, failing)).rejects.toThrow("a bug");
    expect(run.steps.slice(-4)).toEqual(["finish", "fidelity.json", "segment.json", "segment-ended"]);
    expect(run.ended).toMatchObject({ reason: "interrupted" });
  });

  test("when closing fails after work that threw, the first error is the one that is thrown", async () => {
    const run = new NotedRun();
    const failing = run.section([], () => Promise.reject(new Error("a bug")), {
      finish: () => Promise.reject(new Error("disk full")),
    });
    await expect(measure(run.parts, failing)).rejects.toThrow("a bug");
    expect(run.told).toEqual(["the segment could not be closed either: disk full"]);
  });

  test("taps that could not write their evidence end the run, after the segment's last record", async () => {
    const run = new NotedRun();
    run.evidenceError = "ENOSPC";
    await expect(measure(run.parts, run.section([], whole))).rejects.toBeInstanceOf(StorageError);
    expect(run.ended).toBeDefined();
  });

  test("nothing is opened or recorded when the preparation fails", async () => {
    const run = new NotedRun();
    const section = run.section([], whole, { prepare: () => Promise.reject(new Error("no cache")) });
    await expect(measure(run.parts, section)).rejects.toThrow("no cache");
    expect(run.steps).toEqual([]);
  });

  test("reads the engines while the work goes on, into a file of their own, and not before or after it", async () => {
    const directory = await mkdtemp(join(tmpdir(), "tollgate-section-"));
    onTestFinished(() => rm(directory, { recursive: true }));
    const run = new NotedRun();
    run.page = sglangPage({ running: 3, queued: 2 });
    const agent = await run.engine("agent");
    const path = join(directory, "engines.ndjson");
    let [beganNs, endedNs] = [0, 0];
    const section = run.section([agent], async () => {
      beganNs = systemClock.nowNs();
      // On a slow machine readings are rare: who answers slowly is asked seldom.
      await expect.poll(() => readFileSync(path, "utf8").split("\n").length).toBeGreaterThan(2);
      endedNs = systemClock.nowNs();
      run.page = idle;
      return true;
    });
    const parts = { ...run.parts, sampleSeconds: 0.02 };
    await measure({ ...parts, run: { ...parts.run, segmentDirectory: async () => directory } }, section);
    const text = await readFile(path, "utf8");
    const samples = text
      .trimEnd()
      .split("\n")
      .map((line) => engineSampleSchema.parse(JSON.parse(line)));
    expect(samples.length).toBeGreaterThanOrEqual(2);
    for (const { role, running, queued, kvUsage, atNs } of samples) {
      expect([role, running, queued, kvUsage]).toEqual(["agent", 3, 2, null]);
      expect(atNs).toBeGreaterThan(beganNs);
      expect(atNs).toBeLessThan(endedNs);
    }
    const facts = segmentFactsSchema.parse(
      JSON.parse(run.files.get(join(directory, "segment.json")) ?? "null"),
    );
    expect(facts.engineSamples).toEqual({ intervalSeconds: 0.02, readings: samples.length, failed: 0 });
  });

  test("readings that cannot be written end, the segment says why, and the work counts", async () => {
    const run = new NotedRun();
    const section = run.section([await run.engine("agent")], async () => {
      // The second of its two pages; what came of it is written at once.
      const before = run.loadsAsked;
      await expect.poll(() => run.loadsAsked).toBeGreaterThan(before);
      await sleep(100);
      return true;
    });
    // The folder of this run does not exist.
    expect(await measure({ ...run.parts, sampleSeconds: 0.01 }, section)).toEqual({
      reason: "complete",
      death: null,
    });
    expect(run.facts.engineSamples).toEqual({
      intervalSeconds: 0.01,
      readings: 0,
      failed: 0,
      error: expect.stringContaining("ENOENT"),
    });
  });
});
