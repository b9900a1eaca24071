import { loadMetrics } from "../../bench/load/latency.ts";
import { LoadThread } from "../../bench/load/load-thread.ts";
import type { LoadPace, LoadResult } from "../../bench/load/load.ts";
import { arrivalOffsetsNs } from "../../bench/load/schedule.ts";
import { createRng } from "../../bench/statistics/rng.ts";
import type { Measurement, Reading, Workbench } from "./measurement.ts";
import { medianReading, repeatedReading } from "./measurement.ts";
import { nullEngine } from "./null-engine.ts";

/** The load generator against a server that does nothing, both on this machine: 20,000 answers or 10,000 streams a second. */
export const loadGenerator: Measurement = {
  name: "load",
  measure: async (bench) => {
    await using thread = new LoadThread(process.env);
    const rounds = bench.quick ? 1 : 3;
    return [
      await throughput(bench, thread, {
        what: "load: JSON answer, 64 at once",
        chunks: 0,
        target: 50,
        rounds,
      }),
      await throughput(bench, thread, {
        what: "load: stream of 8 chunks, 64 at once",
        chunks: 8,
        target: 100,
        rounds,
      }),
      await lateness(bench, thread),
    ];
  },
};

interface Throughput {
  readonly what: string;
  readonly chunks: number;
  /** Microseconds per request. */
  readonly target: number;
  readonly rounds: number;
}

async function throughput(bench: Workbench, thread: LoadThread, of: Throughput): Promise<Reading> {
  await using server = await nullEngine(bench, { chunks: of.chunks, intervalMs: 0 });
  const count = bench.quick ? 2_000 : 30_000;
  const pace = { kind: "closed", users: 64, staggerMs: 0 } as const;
  await send(thread, server.ready.url, { count: 2_000, pace });
  const each: number[] = [];
  for (let round = 0; round < of.rounds; round += 1) {
    const { startedNs, endedNs } = await send(thread, server.ready.url, { count, pace });
    each.push((endedNs - startedNs) / 1e3 / count);
  }
  return repeatedReading({ what: of.what, unit: "us", target: of.target }, each);
}

/** 200 requests a second, each of which is due at its own time. */
async function lateness(bench: Workbench, thread: LoadThread): Promise<Reading> {
  await using server = await nullEngine(bench, { chunks: 8, intervalMs: 5 });
  const count = bench.quick ? 100 : 2_000;
  const startsNs = arrivalOffsetsNs({ kind: "poisson" }, { perSecond: 200, count, rng: createRng(1) });
  const { samples } = await send(thread, server.ready.url, { count, pace: { kind: "open", startsNs } });
  return medianReading(
    { what: "load: sent late, 200 streams a second, Poisson", unit: "ms", target: 0.1 },
    samples.flatMap((sample) => loadMetrics.lateness(sample) ?? []),
  );
}

async function send(
  thread: LoadThread,
  url: string,
  { count, pace }: { readonly count: number; readonly pace: LoadPace },
): Promise<LoadResult> {
  const body = JSON.stringify({ stream: true, messages: [{ role: "user", content: "x".repeat(1_500) }] });
  const result = await thread.run({
    url,
    sessions: Array.from({ length: count }, (_, at) => ({
      key: `${at}`,
      headers: {},
      requests: [{ id: `${at}`, path: "/v1/chat/completions", body, thinkMs: 0 }],
    })),
    pace,
    timeoutMs: 60_000,
    connectionsMax: null,
    keep: { chunks: false, output: false },
  });
  const failed = result.samples.find(({ outcome }) => outcome !== "completed");
  if (failed !== undefined)
    throw new Error(`A request was ${failed.outcome}: ${failed.error ?? "no reason"}`);
  return result;
}
