import { readFileSync } from "node:fs";
import { mkdtemp } from "node:fs/promises";
import { basename, join } from "node:path";
import { startTap } from "../../bench/tap/client.ts";
import type { Measurement, Reading, Workbench } from "./measurement.ts";
import { shortText } from "./measurement.ts";
import { measureAddedLatency, type LatencyHop, type LatencyPair } from "./tap-latency.ts";

interface Load {
  readonly streams: number;
  readonly chunksPerStream: number;
  readonly requestsPerStream: number;
}

/** Answers as short as those that an agent gets between two tools, and as long ones as make a service busy. */
const loadsOf = (quick: boolean): readonly Load[] => [
  { streams: 1, chunksPerStream: 4, requestsPerStream: quick ? 16 : 64 },
  { streams: 16, chunksPerStream: 4, requestsPerStream: quick ? 4 : 12 },
  { streams: 64, chunksPerStream: 4, requestsPerStream: quick ? 4 : 12 },
  { streams: 64, chunksPerStream: 50, requestsPerStream: 1 },
];
const requestBytes = 40_000;

/** Both hops of a gateway's arm, in one tap process that records all bodies, as in a sweep: what measuring itself costs. */
export const tapCost: Measurement = {
  name: "taps",
  measure: async (bench) => {
    const { against } = bench;
    const starts = against === undefined ? [startTap] : [startTap, await startTapOf(against)];
    const readings: Reading[] = [];
    for (const load of loadsOf(bench.quick)) {
      const [own = [], other = []] = await costsAt(load, { bench, starts });
      readings.push(...own.map((reading, index) => beside(reading, other[index], against)));
    }
    return readings;
  },
};

type StartTap = typeof startTap;

/** The taps of another checkout, which its own code starts. */
async function startTapOf(checkout: string): Promise<StartTap> {
  const module: unknown = await import(join(checkout, "bench", "tap", "client.ts"));
  return (module as { readonly startTap: StartTap }).startTap;
}

function beside(own: Reading, other: Reading | undefined, against: string | undefined): Reading {
  if (other === undefined || against === undefined) return own;
  const text = `${shortText(other.value)} ${other.unit} in ${basename(against)} (${other.spread})`;
  return { ...own, spread: `${own.spread}; ${text}` };
}

/** Of the taps that each of `starts` starts, in turn against one engine. */
async function costsAt(
  given: Load,
  { bench, starts }: { readonly bench: Workbench; readonly starts: readonly StartTap[] },
): Promise<readonly (readonly Reading[])[]> {
  const taps: TwoHops[] = [];
  const load = {
    ...given,
    chunkIntervalMs: 20,
    requestBytes,
    blocks: bench.quick ? 1 : 3,
    environment: bench.environment,
    scratch: bench.scratch,
  };
  const hops = starts.map((start) => async (engineUrl: string) => {
    const hop = await TwoHops.start(engineUrl, { bench, start });
    taps.push(hop);
    return hop;
  });
  const at = `at ${given.streams} streams of ${given.chunksPerStream} chunks`;
  return (await measureAddedLatency(load, ...hops)).map(({ chunks, requests }, index) => [
    added(`taps, both hops, recording: to a response head ${at}`, requests, "p50"),
    added(`taps, both hops, recording: to a response head ${at}`, requests, "p95"),
    added(`taps, both hops, recording: to a chunk ${at}`, chunks, "p50"),
    added(`taps, both hops, recording: to a chunk ${at}`, chunks, "p95"),
    cpu(`taps, both hops, recording: CPU of a request ${at}`, taps[index]),
  ]);
}

/** Hertz of the ticks in /proc/PID/stat, on every Linux that Node supports. */
const ticksPerSecond = 100;

class TwoHops implements LatencyHop {
  readonly url: string;
  readonly headers = { "x-tollgate-attempt": "benchmark" };
  cpuSeconds = Number.NaN;
  requests = 0;
  readonly #tap: Awaited<ReturnType<typeof startTap>>;
  readonly #startedSeconds: number;

  private constructor(tap: Awaited<ReturnType<typeof startTap>>, url: string) {
    this.#tap = tap;
    this.url = url;
    this.#startedSeconds = cpuSecondsOf(tap.pid);
  }

  static async start(upstream: string, at: { readonly bench: Workbench; readonly start: StartTap }) {
    const { environment, scratch } = at.bench;
    const tap = await at.start({ environment, logFile: join(scratch, "taps.log") });
    const inner = await tap.listen({ name: "inner", hop: "inner", arm: "benchmark", upstream });
    const outer = await tap.listen({ name: "outer", hop: "outer", arm: "benchmark", upstream: inner });
    await tap.openSegment(await mkdtemp(join(scratch, "segment-")), true);
    return new TwoHops(tap, outer);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.cpuSeconds = cpuSecondsOf(this.#tap.pid) - this.#startedSeconds;
    const { totals } = await this.#tap.closeSegment();
    this.requests = totals["outer"]?.requests ?? 0;
    await this.#tap[Symbol.asyncDispose]();
  }
}

/** User and system time of a process with all its threads. */
function cpuSecondsOf(pid: number): number {
  const stat = readFileSync(`/proc/${pid}/stat`, "utf8");
  const [user = "", system = ""] = stat
    .slice(stat.lastIndexOf(")") + 2)
    .split(" ")
    .slice(11);
  return (Number(user) + Number(system)) / ticksPerSecond;
}

function cpu(what: string, taps: TwoHops | undefined): Reading {
  const { cpuSeconds = Number.NaN, requests = 0 } = taps ?? {};
  return {
    what,
    unit: "us",
    statistic: "mean",
    value: (cpuSeconds / requests) * 1e6,
    count: requests,
    spread: `${cpuSeconds.toFixed(2)} CPU-s, in ticks of 10 ms`,
    target: null,
  };
}

function added(what: string, pair: LatencyPair, statistic: "p50" | "p95"): Reading {
  const { direct, hop, count } = pair;
  const spread = `${shortText(direct[statistic])} direct, ${shortText(hop[statistic])} through`;
  return { what, unit: "ms", statistic, value: pair.added[statistic], count, spread, target: null };
}
