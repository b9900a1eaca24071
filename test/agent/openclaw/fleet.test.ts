import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import * as fc from "fast-check";
import { expect, test } from "vitest";
import {
  AgentProcessError,
  Fleet,
  type FleetMember,
  fleetSize,
} from "../../../bench/agent/openclaw/fleet.ts";

/** A process that does nothing, as a member of a fleet. */
class Idler implements FleetMember {
  readonly name: string;
  readonly child: ChildProcess;
  readonly exited: Promise<string>;

  constructor(name: string) {
    this.name = name;
    this.child = spawn(process.execPath, ["-e", "setInterval(() => {}, 1000)"], { stdio: "ignore" });
    this.exited = once(this.child, "exit").then(([code, signal]) => String(signal ?? code));
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.child.kill("SIGKILL");
    await this.exited;
  }
}

async function startFleet(size: number, progress: string[] = []): Promise<Fleet<Idler>> {
  let serial = 0;
  return await Fleet.start({
    size,
    staggerMs: 1,
    signal: new AbortController().signal,
    progress: (line) => progress.push(line),
    start: async (index) => {
      serial += 1;
      return Promise.resolve(new Idler(`idler-${index}.${serial}`));
    },
  });
}

test("one process for each 12 sessions, but no more than half the cores", () => {
  const sizes = [1, 12, 13, 30, 64, 200].map((concurrency) => fleetSize(concurrency, 16));
  expect(sizes).toEqual([1, 1, 2, 3, 6, 8]);
  expect([1, 2, 3].map((cores) => fleetSize(64, cores))).toEqual([1, 1, 1]);
  const positive = fc.integer({ min: 1, max: 1000 });
  fc.assert(
    fc.property(positive, positive, (concurrency, cores) => {
      const size = fleetSize(concurrency, cores);
      expect(size).toBeGreaterThanOrEqual(1);
      expect(size).toBeLessThanOrEqual(Math.max(1, cores / 2));
    }),
  );
});

test("sessions go to the process with the fewest", async () => {
  await using fleet = await startFleet(2);
  const leases = [await fleet.lease(), await fleet.lease(), await fleet.lease()];
  expect(leases.map(({ gateway }) => gateway.name)).toEqual(["idler-0.1", "idler-1.2", "idler-0.1"]);
  leases[0]?.release();
  leases[0]?.release();
  leases[2]?.release();
  expect((await fleet.lease()).gateway.name).toBe("idler-0.1");
});

test("a process that dies is restarted once; when the last one dies the fleet has died", async () => {
  const progress: string[] = [];
  await using fleet = await startFleet(1, progress);
  const first = (await fleet.lease()).gateway;
  first.child.kill("SIGKILL");
  await first.exited;
  const second = (await fleet.lease()).gateway;
  expect([second.name, fleet.restarts]).toEqual(["idler-0.2", 1]);
  second.child.kill("SIGKILL");
  await expect(fleet.died).rejects.toThrow(AgentProcessError);
  await expect(fleet.lease()).rejects.toThrow(AgentProcessError);
  expect(progress).toEqual([
    "OpenClaw gateway idler-0.1 died (SIGKILL)",
    "OpenClaw gateway idler-0.2 died (SIGKILL)",
  ]);
});

test("when one process does not start, those that did are ended", async () => {
  const started: Idler[] = [];
  const start = async (index: number): Promise<Idler> => {
    if (index === 1) throw new Error("no memory");
    const idler = new Idler("idler");
    started.push(idler);
    return Promise.resolve(idler);
  };
  const signal = new AbortController().signal;
  const fleet = Fleet.start({ size: 2, staggerMs: 1, signal, progress: () => undefined, start });
  await expect(fleet).rejects.toThrow("no memory");
  expect(await Promise.all(started.map(async ({ exited }) => exited))).toEqual(["SIGKILL"]);
});

test("a worn process is renewed when it is idle, and its end is no death", async () => {
  const progress: string[] = [];
  await using fleet = await startFleet(2, progress);
  const [busy, idle] = [await fleet.lease(), await fleet.lease()];
  idle.release();
  expect(await fleet.renew(0)).toBe(1);
  expect(fleet.processes.map(({ name }) => name)).toEqual(["idler-0.1", "idler-1.3"]);
  expect(await idle.gateway.exited).toBe("SIGKILL");
  expect(await fleet.renew(0)).toBe(0);
  busy.release();
  expect([fleet.restarts, progress]).toEqual([0, []]);
});
