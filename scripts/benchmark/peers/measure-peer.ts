import { mkdtemp } from "node:fs/promises";
import { join } from "node:path";
import { gapVariation, indexOfDispersion } from "../../../bench/statistics/dispersion.ts";
import { meanOf } from "../../../bench/statistics/distribution.ts";
import type { Workbench } from "../measurement.ts";
import { measuredRun } from "./measured-command.ts";
import type { MockEngine, Stamps } from "./mock-engine.ts";
import { noClaims, type Peer, type PeerClaims, type PeerLoad } from "./peer.ts";

/** One run of a generator; null when it cannot do that load. */
interface PeerRun {
  readonly stamps: Stamps;
  readonly cpuSeconds: number;
  readonly claims: PeerClaims;
}

const timeoutMs = 180_000;

async function runPeer(
  peer: Peer,
  at: { readonly bench: Workbench; readonly engine: MockEngine },
  load: PeerLoad,
): Promise<PeerRun | null> {
  const { bench, engine } = at;
  const scratch = await mkdtemp(join(bench.scratch, "peer-"));
  const command = peer.command({ url: engine.url, load, scratch });
  if (command === null) return null;
  await engine.stamps();
  const { stdout, cpuSeconds } = await measuredRun(command, { environment: bench.environment, timeoutMs });
  return { stamps: await engine.stamps(), cpuSeconds, claims: peer.claims({ stdout, scratch }) };
}

export interface Throughput {
  readonly perSecond: number;
  /** CPU of one more request: what starting costs is in neither. */
  readonly cpuMicroseconds: number;
}

/** As fast as it goes on 64 connections, by what arrived at the server. */
export async function measureThroughput(
  peer: Peer,
  at: { readonly bench: Workbench; readonly engine: MockEngine },
  streamed: boolean,
): Promise<Throughput | null> {
  const { few, many } = peer.sizes;
  const short = await runPeer(peer, at, { kind: "closed", streamed, requests: few, seconds: 1 });
  const long = await runPeer(peer, at, { kind: "closed", streamed, requests: many, seconds: 4 });
  if (short === null || long === null) return null;
  const more = long.stamps.arrivalNs.length - short.stamps.arrivalNs.length;
  return {
    perSecond: middleRate(long.stamps.arrivalNs),
    cpuMicroseconds: ((long.cpuSeconds - short.cpuSeconds) / more) * 1e6,
  };
}

/** Rate of the middle eight tenths: starting and running out are not the tool's speed. */
function middleRate(arrivalNs: readonly number[]): number {
  const [from, to] = [Math.floor(arrivalNs.length * 0.1), Math.floor(arrivalNs.length * 0.9)];
  return (to - from) / (((arrivalNs[to] ?? Number.NaN) - (arrivalNs[from] ?? Number.NaN)) / 1e9);
}

export interface ArrivalFigures {
  readonly gapCv: number | null;
  readonly idc: number | null;
  readonly claims: PeerClaims;
}

const gapsPerWindow = 5;

/** How evenly or how randomly requests arrive at the server, without the first tenth. */
export async function measureArrivalFigures(
  peer: Peer,
  at: { readonly bench: Workbench; readonly engine: MockEngine },
  load: Extract<PeerLoad, { readonly perSecond: number }>,
): Promise<ArrivalFigures | null> {
  const run = await runPeer(peer, at, load);
  if (run === null) return null;
  const { arrivalNs } = run.stamps;
  const settled = arrivalNs.slice(Math.floor(arrivalNs.length / 10));
  const [start, end] = [settled[0] ?? Number.NaN, settled.at(-1) ?? Number.NaN];
  const window = (gapsPerWindow / load.perSecond) * 1e9;
  return {
    gapCv: gapVariation(settled),
    idc: indexOfDispersion(settled, { start, end, window }),
    claims: run.claims,
  };
}

/** Mean TTFT as the tool says - mean time from arrival to first token as the server says, milliseconds. */
export async function measureTtftBias(
  peer: Peer,
  at: { readonly bench: Workbench; readonly engine: MockEngine },
  requests: number,
): Promise<number | null> {
  const run = await runPeer(peer, at, { kind: "closed", streamed: true, requests, seconds: 5 });
  const said = (run?.claims ?? noClaims).meanTtftMs;
  if (run === null || said === null) return null;
  const { arrivalNs, firstSentNs } = run.stamps;
  const waited = arrivalNs.flatMap((ns, index) => {
    const sent = firstSentNs[index];
    return sent == null ? [] : [(sent - ns) / 1e6];
  });
  return said - meanOf(waited);
}
