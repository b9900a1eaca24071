import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import * as fc from "fast-check";
import { expect, test } from "vitest";
import { AgentProcessError } from "../../../bench/agent/agent.ts";
import { Fleet, type FleetMember, fleetSize } from "../../../bench/agent/openclaw/fleet.ts";

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

interface Watched {
  readonly progress?: string[];
  readonly nowMs?: () => number;
  readonly make?: (name: string) => Idler;
}

async function startFleet(
  size: number,
  { progress = [], nowMs = () => 0, make = (name) => new Idler(name) }: Watched = {},
): Promise<Fleet<Idler>> {
  let serial = 0;
  return await Fleet.start({
    size,
    staggerMs: 1,
    nowMs,
    signal: new AbortController().signal,
    progress: (line) => progress.push(line),
    start: async (index) => {
      serial += 1;
      return Promise.resolve(make(`idler-${index}.${serial}`));
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

async function killOne(fleet: Fleet<Idler>): Promise<string> {
  const { gateway, release } = await fleet.lease();
  gateway.child.kill("SIGKILL");
  await gateway.exited;
  release();
  return gateway.name;
}

test("a process that dies again and again is restarted three times within ten minutes, then the fleet has died", async () => {
  const progress: string[] = [];
  await using fleet = await startFleet(1, { progress });
  const killed = [];
  for (let times = 0; times < 4; times += 1) killed.push(await killOne(fleet));
  expect([killed, fleet.restarts]).toEqual([["idler-0.1", "idler-0.2", "idler-0.3", "idler-0.4"], 3]);
  await expect(fleet.died).rejects.toThrow(AgentProcessError);
  await expect(fleet.lease()).rejects.toThrow(AgentProcessError);
  expect(progress.slice(0, 3)).toEqual(
    [1, 2, 3].map((serial) => `OpenClaw gateway idler-0.${serial} died (SIGKILL)`),
  );
  expect(progress.at(-1)).toContain("3 times within 10 minutes");
});

test("deaths that lie far apart are restarted however many there are", async () => {
  let minutes = 0;
  await using fleet = await startFleet(1, { nowMs: () => minutes * 60_000 });
  for (let times = 0; times < 8; times += 1) {
    await killOne(fleet);
    minutes += 4;
  }
  expect([(await fleet.lease()).gateway.name, fleet.restarts]).toEqual(["idler-0.9", 8]);
});

/** A process whose remains cannot be cleared away. */
class Sticky extends Idler {
  override async [Symbol.asyncDispose](): Promise<void> {
    await super[Symbol.asyncDispose]();
    throw new Error("EBUSY: its folder is in use");
  }
}

test("a dead process that cannot be cleared away is said, and replaced all the same", async () => {
  const progress: string[] = [];
  const make = (name: string) => (name === "idler-0.1" ? new Sticky(name) : new Idler(name));
  await using fleet = await startFleet(1, { progress, make });
  await killOne(fleet);
  expect((await fleet.lease()).gateway.name).toBe("idler-0.2");
  expect(progress).toEqual([
    "OpenClaw gateway idler-0.1 died (SIGKILL)",
    "What OpenClaw gateway idler-0.1 left could not be cleared away: EBUSY: its folder is in use",
  ]);
});

test("one process that cannot be ended does not keep the others alive", async () => {
  const made: Idler[] = [];
  const make = (name: string) => {
    made.push(name === "idler-0.1" ? new Sticky(name) : new Idler(name));
    return made.at(-1) ?? new Idler(name);
  };
  const fleet = await startFleet(3, { make });
  await expect(fleet[Symbol.asyncDispose]()).rejects.toThrow("EBUSY");
  expect(made.map(({ child }) => child.signalCode)).toEqual(["SIGKILL", "SIGKILL", "SIGKILL"]);
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
  const fleet = Fleet.start({
    size: 2,
    staggerMs: 1,
    signal,
    nowMs: () => 0,
    progress: () => undefined,
    start,
  });
  await expect(fleet).rejects.toThrow("no memory");
  expect(await Promise.all(started.map(async ({ exited }) => exited))).toEqual(["SIGKILL"]);
});

test("a worn process is renewed when it is idle, and its end is no death", async () => {
  const progress: string[] = [];
  await using fleet = await startFleet(2, { progress });
  const [busy, idle] = [await fleet.lease(), await fleet.lease()];
  idle.release();
  expect(await fleet.renew(0)).toBe(1);
  expect(fleet.processes.map(({ name }) => name)).toEqual(["idler-0.1", "idler-1.3"]);
  expect(await idle.gateway.exited).toBe("SIGKILL");
  expect(await fleet.renew(0)).toBe(0);
  busy.release();
  expect([fleet.restarts, progress]).toEqual([0, []]);
});
