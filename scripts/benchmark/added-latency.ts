import { join } from "node:path";
import { SessionClient } from "../../bench/stack/arms/session/session-client.ts";
import { readyLineSchema, tollgateEntry } from "../../bench/stack/own-program.ts";
import { spawnManaged } from "../../bench/supervisor/managed-process.ts";
import { type AddedLatency, type LatencyHop, type LatencyPair, type StartHop } from "./tap-latency.ts";
import { measureAddedLatency, tapHop } from "./tap-latency.ts";
import type { Measurement, Reading, Workbench } from "./measurement.ts";
import { shortText } from "./measurement.ts";

const streams = 64;

/** The tap between client and engine. */
export const tapLatency: Measurement = {
  name: "tap",
  measure: async (bench) => {
    const { chunks, requests } = await measureOne(bench, (url) => tapHop(url, bench));
    return [
      added(`tap: added to a chunk at ${streams} streams`, chunks, { quantile: "p50", target: 0.2 }),
      added(`tap: added to a response head at ${streams} streams`, requests, {
        quantile: "p50",
        target: null,
      }),
    ];
  },
};

/** The recording gateway at level L0 in the tap's place; streamed requests of 20 kB, as its target says. */
export const gatewayLatency: Measurement = {
  name: "gateway",
  measure: async (bench) => {
    const { chunks, requests } = await measureOne(bench, (url) => gatewayHop(bench, url));
    return [
      added(`gateway L0: added to a chunk at ${streams} streams`, chunks, { quantile: "p50", target: 0.5 }),
      added(`gateway L0: added to a chunk at ${streams} streams`, chunks, { quantile: "p99", target: 3 }),
      added(`gateway L0: added to a response head at ${streams} streams`, requests, {
        quantile: "p50",
        target: 0.5,
      }),
    ];
  },
};

/** At 64 streams of 50 chunks a second each: what a busy engine sends. */
async function measureOne(bench: Workbench, hop: StartHop): Promise<AddedLatency> {
  const load = {
    streams,
    chunksPerStream: 50,
    chunkIntervalMs: 20,
    requestBytes: 20_000,
    requestsPerStream: bench.quick ? 1 : 2,
    blocks: bench.quick ? 1 : 3,
    environment: bench.environment,
    scratch: bench.scratch,
  };
  const [added] = await measureAddedLatency(load, hop);
  if (added === undefined) throw new Error("One hop was given, and no result came of it.");
  return added;
}

const adminKey = "benchmark";

async function gatewayHop(bench: Workbench, engineUrl: string): Promise<LatencyHop> {
  const gateway = await spawnManaged(process.execPath, {
    name: "gateway",
    args: [tollgateEntry, "gateway", "--engine", engineUrl, "--port", "0", "--admin-key-env", "ADMIN_KEY"],
    environment: { ...bench.environment, ADMIN_KEY: adminKey },
    logFile: join(bench.scratch, "gateway-process.log"),
    readySchema: readyLineSchema,
    startTimeoutMs: 30_000,
  });
  const { url } = gateway.ready;
  const { apiKey } = await new SessionClient({ url, adminKey }).startSession("benchmark");
  return {
    url,
    headers: { authorization: `Bearer ${apiKey}` },
    [Symbol.asyncDispose]: () => gateway[Symbol.asyncDispose](),
  };
}

function added(
  what: string,
  pair: LatencyPair,
  wanted: { readonly quantile: "p50" | "p99"; readonly target: number | null },
): Reading {
  const { quantile, target } = wanted;
  const spread = `${shortText(pair.direct[quantile])} direct, ${shortText(pair.hop[quantile])} through`;
  return {
    what,
    unit: "ms",
    statistic: quantile,
    value: pair.added[quantile],
    count: pair.count,
    spread,
    target,
  };
}
