import { setTimeout as sleep } from "node:timers/promises";
import { describe, expect, test } from "vitest";
import type { Host } from "../../bench/commands/host.ts";
import { durationMs, runToItsEnd, type ShownRun } from "../../bench/commands/run-to-its-end.ts";
import { StartError } from "../../bench/errors.ts";
import type { RunOutcome } from "../../bench/run/run-outcome.ts";
import type { StopCause } from "../../bench/run/stop-request.ts";

/** What a command says and with which code it ends. */
class SeenHost {
  readonly printed: string[] = [];
  readonly told: string[] = [];
  code = 0;

  get host(): Host {
    return {
      argv: [],
      environment: {},
      workingDirectory: "/",
      print: (text) => this.printed.push(text),
      tell: (text) => this.told.push(text),
      write: () => undefined,
      announce: () => undefined,
      interactive: false,
      columns: 80,
      output: { columns: null, colour: false },
      setExitCode: (code) => {
        this.code = code;
      },
    };
  }

  async run(outcome: RunOutcome, changes: Partial<ShownRun<string>> = {}): Promise<void> {
    await runToItsEnd<string>(this.host, {
      budget: undefined,
      execute: async ({ opened }) => {
        opened("/runs/a");
        return { directory: "/runs/a", outcome, report: "fine" };
      },
      show: (report) => report,
      usable: () => true,
      advice: async (directory) => [`To go on: tollgate resume ${directory}`],
      ...changes,
    });
  }
}

/** A run that ends as interrupted when somebody has asked it to stop, or after a while by itself. */
const waiting =
  (ms: number): ShownRun<string>["execute"] =>
  async ({ stop, opened }) => {
    opened("/runs/a");
    await Promise.race([sleep(ms), new Promise((resolve) => stop.asked.addEventListener("abort", resolve))]);
    const reason = stop.cause === null ? "complete" : "interrupted";
    return { directory: "/runs/a", outcome: { reason }, report: String(stop.cause) };
  };

describe("the command around a run", () => {
  test("prints the report and, last, the run directory", async () => {
    const seen = new SeenHost();
    await seen.run({ reason: "complete" });
    expect(seen.printed).toEqual(["fine", "/runs/a"]);
    expect(seen.code).toBe(0);
  });

  test("a complete run with a bad verdict exits 1; an interrupted one keeps its own code", async () => {
    const bad = new SeenHost();
    await bad.run({ reason: "complete" }, { usable: () => false });
    expect(bad.code).toBe(1);
    const interrupted = new SeenHost();
    await interrupted.run({ reason: "interrupted" }, { usable: () => false });
    expect(interrupted.code).toBe(4);
  });

  test("a failed run says why and how to go on, and exits with its own code", async () => {
    const seen = new SeenHost();
    await seen.run({ reason: "failed", message: "The engine ended", exitCode: 3 });
    expect(seen.code).toBe(3);
    expect(seen.told.slice(-3)).toEqual([
      "tollgate: The engine ended",
      "To go on: tollgate resume /runs/a",
      "exit code 3: a part did not start, or a check failed; nothing was measured",
    ]);
  });

  test("an error is thrown on, with the run directory as the last line all the same", async () => {
    const seen = new SeenHost();
    const execute: ShownRun<string>["execute"] = async ({ opened }) => {
      opened("/runs/a");
      throw new StartError("tap", "no tap");
    };
    await expect(seen.run({ reason: "complete" }, { execute })).rejects.toThrow("no tap");
    expect(seen.printed).toEqual(["/runs/a"]);
  });

  test("a run that was not opened prints no directory", async () => {
    const seen = new SeenHost();
    const execute = () => Promise.reject(new StartError("run directory", "read-only"));
    await expect(seen.run({ reason: "complete" }, { execute })).rejects.toThrow("read-only");
    expect(seen.printed).toEqual([]);
  });

  test.each<[NodeJS.Signals, StopCause, number]>([
    ["SIGINT", "sigint", 130],
    ["SIGTERM", "sigterm", 143],
    ["SIGUSR2", "stop-command", 4],
  ])("%s asks the run to stop: %s, exit code %i", async (signal, cause, code) => {
    const seen = new SeenHost();
    const before = process.listenerCount(signal);
    const run = seen.run({ reason: "complete" }, { execute: waiting(10_000) });
    await sleep(5);
    process.kill(process.pid, signal);
    await run;
    expect(seen.printed[0]).toBe(cause);
    expect(seen.code).toBe(code);
    // The handlers go with the run.
    expect(process.listenerCount(signal)).toBe(before);
  });

  test("a budget that is over asks the run to stop, exit code 4", async () => {
    const seen = new SeenHost();
    await seen.run({ reason: "complete" }, { budget: "0.02s", execute: waiting(10_000) });
    expect([seen.printed[0], seen.code]).toEqual(["budget", 4]);
  });

  test("a budget beyond the longest timer of Node (24.8 days) does not end the run at once", async () => {
    const seen = new SeenHost();
    await seen.run({ reason: "complete" }, { budget: "600h", execute: waiting(60) });
    expect([seen.printed[0], seen.code]).toEqual(["null", 0]);
  });
});

test("a budget is a number with s, m or h, and nothing else", () => {
  expect(["90s", "1.5m", "4h", "600h"].map(durationMs)).toEqual([90_000, 90_000, 14_400_000, 2_160_000_000]);
  for (const text of ["", "90", "4d", "-1h", "h", "1 h", "1h30m"]) {
    expect(() => durationMs(text)).toThrow(/is no time; write e.g. 90s, 15m or 4h/);
  }
});
