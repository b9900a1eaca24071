import { percentile } from "../../../bench/statistics/distribution.ts";
import { messageOf } from "../../../bench/errors.ts";
import { createRng, shuffled } from "../../../bench/statistics/rng.ts";
import type { Workbench } from "../measurement.ts";
import {
  measureArrivalFigures,
  measureThroughput,
  measureTtftBias,
  type ArrivalFigures,
  type Throughput,
} from "./measure-peer.ts";
import { startMockEngine } from "./mock-engine.ts";
import { concurrency, type Peer } from "./peer.ts";

/** Everything about one generator; null where it cannot do that. */
export interface PeerFigures {
  readonly peer: Pick<Peer, "name" | "version" | "python">;
  readonly json: Throughput | null;
  readonly sse: Throughput | null;
  readonly constant: ArrivalFigures | null;
  readonly poisson: ArrivalFigures | null;
  readonly ttftBiasMs: number | null;
}

export interface PeerFailure {
  readonly name: string;
  readonly why: string;
}

export const arrivalLoads = {
  constant: { kind: "constant", perSecond: 100 },
  poisson: { kind: "poisson", perSecond: 200 },
} as const;

/** The answer that TTFT is compared on: tokens well apart, so that no tool is at its limit. */
export const latencyPace = { firstMs: 200, gapMs: 20, tokens: 8 };

interface Kept {
  readonly json: Throughput[];
  readonly sse: Throughput[];
  constant: ArrivalFigures | null;
  poisson: ArrivalFigures | null;
  ttftBiasMs: number | null;
}

/**
 * All generators against the same servers, one at a time. Throughput is measured in `rounds`, each in another order, and
 * the median kept, because neighbours come and go.
 */
export async function comparePeers(
  bench: Workbench,
  peers: readonly Peer[],
  tell: (line: string) => void,
): Promise<{ readonly figures: readonly PeerFigures[]; readonly failures: readonly PeerFailure[] }> {
  const kept = new Map<Peer, Kept>(
    peers.map((peer) => [peer, { json: [], sse: [], constant: null, poisson: null, ttftBiasMs: null }]),
  );
  const failures: PeerFailure[] = [];
  const each = async (round: number, what: string, measure: (peer: Peer, into: Kept) => Promise<void>) => {
    for (const peer of shuffled(createRng(round), peers)) {
      const into = kept.get(peer);
      if (into === undefined) continue;
      tell(`${what}: ${peer.name}`);
      try {
        await measure(peer, into);
      } catch (error) {
        failures.push({ name: peer.name, why: `${what}: ${messageOf(error)}` });
      }
    }
  };
  await using quick = await startMockEngine(bench, { firstMs: 0, gapMs: 0, tokens: 8 });
  for (let round = 0; round < (bench.quick ? 1 : 3); round += 1) {
    await each(round, "throughput", async (peer, into) => {
      const at = { bench, engine: quick };
      const sse = await measureThroughput(peer, at, true);
      const json = await measureThroughput(peer, at, false);
      if (sse !== null) into.sse.push(sse);
      if (json !== null) into.json.push(json);
    });
  }
  const seconds = bench.quick ? 5 : 20;
  for (const kind of ["constant", "poisson"] as const) {
    const load = arrivalLoads[kind];
    await each(7, `${kind} arrivals`, async (peer, into) => {
      const requests = load.perSecond * seconds;
      into[kind] = await measureArrivalFigures(peer, { bench, engine: quick }, { ...load, requests });
    });
  }
  await using paced = await startMockEngine(bench, latencyPace);
  await each(8, "TTFT", async (peer, into) => {
    into.ttftBiasMs = await measureTtftBias(
      peer,
      { bench, engine: paced },
      concurrency * (bench.quick ? 3 : 12),
    );
  });
  return { figures: [...kept].map(([peer, into]) => figuresOf(peer, into)), failures };
}

function figuresOf({ name, version, python }: Peer, into: Kept): PeerFigures {
  const { constant, poisson, ttftBiasMs } = into;
  return {
    peer: { name, version, python },
    json: medianOf(into.json),
    sse: medianOf(into.sse),
    constant,
    poisson,
    ttftBiasMs,
  };
}

function medianOf(runs: readonly Throughput[]): Throughput | null {
  const of = (read: (run: Throughput) => number) => percentile(runs.map(read), 0.5);
  const [perSecond, cpuMicroseconds] = [of((run) => run.perSecond), of((run) => run.cpuMicroseconds)];
  return perSecond === null || cpuMicroseconds === null ? null : { perSecond, cpuMicroseconds };
}
