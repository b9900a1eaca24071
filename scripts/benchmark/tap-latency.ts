import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { Pool, type Dispatcher } from "undici";
import { percentile } from "../../bench/statistics/distribution.ts";
import { startTap } from "../../bench/tap/client.ts";
import { monotonicNs } from "../../bench/wire/forward.ts";
import { nullEngine } from "./null-engine.ts";

export interface LatencyBenchmark {
  /** Streams that are open at once. */
  readonly streams: number;
  readonly chunksPerStream: number;
  readonly chunkIntervalMs: number;
  readonly requestBytes: number;
  /** Requests that follow each other in each stream. */
  readonly requestsPerStream: number;
  /** Each is one batch of streams direct, hop, hop, direct: drift of the machine falls on all alike. */
  readonly blocks: number;
  /** Whole environment of the processes that are started. */
  readonly environment: Readonly<Record<string, string>>;
  /** Folder for their logs. */
  readonly scratch: string;
}

export type StartHop = (engineUrl: string) => Promise<LatencyHop>;

export interface LatencyHop extends AsyncDisposable {
  /** Base URL, without /v1. */
  readonly url: string;
  readonly headers?: Readonly<Record<string, string>>;
}

/** Milliseconds; percentiles over all chunks or requests of all blocks. */
export interface AddedLatency {
  readonly chunks: LatencyPair;
  /** From sending the request to the response head, which the engine sends as soon as it has the whole request. */
  readonly requests: LatencyPair;
}

export interface LatencyPair {
  readonly count: number;
  readonly direct: LatencyPercentiles;
  readonly hop: LatencyPercentiles;
  /** Difference of the percentiles. */
  readonly added: LatencyPercentiles;
}

export interface LatencyPercentiles {
  readonly p50: number;
  readonly p95: number;
  readonly p99: number;
}

/**
 * Measures what hops add to streamed answers: an engine that does nothing writes the time into every chunk, and this process reads it when
 * the chunk arrives, straight and through each hop in turn. Hops that are compared belong in one call: this process and the engine compile
 * their own code meanwhile, so whoever is measured later meets faster ones.
 *
 * @param hops what is put between client and engine, one at a time
 * @returns in the order of `hops`
 */
export async function measureAddedLatency(
  benchmark: LatencyBenchmark,
  ...hops: readonly StartHop[]
): Promise<readonly AddedLatency[]> {
  const pace = { chunks: benchmark.chunksPerStream, intervalMs: benchmark.chunkIntervalMs };
  await using engine = await nullEngine(benchmark, pace);
  await using started = new AsyncDisposableStack();
  const targets: Pick<LatencyHop, "url" | "headers">[] = [{ url: engine.ready.url }];
  for (const start of hops) targets.push(started.use(await start(engine.ready.url)));
  const timed = targets.map((target) => ({ target, delays: new Delays() }));
  // The first batch of each opens connections and compiles code; it is not counted.
  for (const target of targets) await batch(target, benchmark);
  for (let block = 0; block < benchmark.blocks; block += 1)
    for (const { target, delays } of [...timed, ...timed.toReversed()])
      delays.add(await batch(target, benchmark));
  const [direct, ...through] = timed.map(({ delays }) => delays);
  return through.map(({ chunkMs, requestMs }) => ({
    chunks: pair(direct?.chunkMs ?? [], chunkMs),
    requests: pair(direct?.requestMs ?? [], requestMs),
  }));
}

/** One listener of a tap. */
export async function tapHop(
  upstream: string,
  { environment, scratch }: Pick<LatencyBenchmark, "environment" | "scratch">,
): Promise<LatencyHop> {
  const tap = await startTap({ environment, logFile: join(scratch, "tap.log") });
  const url = await tap.listen({ name: "benchmark", hop: "outer", arm: "benchmark", upstream });
  return { url, [Symbol.asyncDispose]: () => tap[Symbol.asyncDispose]() };
}

class Delays {
  readonly chunkMs: number[] = [];
  readonly requestMs: number[] = [];

  add(other: Delays): void {
    this.chunkMs.push(...other.chunkMs);
    this.requestMs.push(...other.requestMs);
  }
}

const unlimited = { connections: null, pipelining: 1, headersTimeout: 0, bodyTimeout: 0 };

async function batch(
  target: Pick<LatencyHop, "url" | "headers">,
  benchmark: LatencyBenchmark,
): Promise<Delays> {
  const pool = new Pool(target.url, unlimited);
  const delays = new Delays();
  const body = JSON.stringify({
    stream: true,
    messages: [{ role: "user", content: "x".repeat(benchmark.requestBytes) }],
  });
  const headers = { "content-type": "application/json", ...target.headers };
  try {
    const lines = Array.from({ length: benchmark.streams }, async (_, line) => {
      // Spread over the length of an answer, so that the streams neither start nor tick together.
      await sleep((line / benchmark.streams) * benchmark.chunksPerStream * benchmark.chunkIntervalMs);
      for (let at = 0; at < benchmark.requestsPerStream; at += 1)
        await stream(pool, { body, headers }, delays);
    });
    await Promise.all(lines);
  } finally {
    await pool.close();
  }
  return delays;
}

function stream(
  pool: Dispatcher,
  request: { readonly body: string; readonly headers: Record<string, string> },
  delays: Delays,
): Promise<void> {
  return new Promise((resolve, reject) => {
    const sentNs = monotonicNs();
    let status = 0;
    pool.dispatch(
      { path: "/v1/chat/completions", method: "POST", ...request },
      {
        // A handler without it is taken for one of undici's old interface.
        onRequestStart: () => undefined,
        onResponseStart: (_controller, code) => {
          status = code;
          delays.requestMs.push((monotonicNs() - sentNs) / 1e6);
        },
        onResponseData: (_controller, chunk) => {
          const arrivedNs = monotonicNs();
          for (const [, writtenNs] of chunk.toString("latin1").matchAll(/"content":" *(\d+)"/g)) {
            delays.chunkMs.push((arrivedNs - Number(writtenNs)) / 1e6);
          }
        },
        onResponseEnd: () => (status === 200 ? resolve() : reject(new Error(`The hop answered ${status}.`))),
        onResponseError: (_controller, error) => reject(error),
      },
    );
  });
}

function pair(direct: readonly number[], hop: readonly number[]): LatencyPair {
  const [straight, through] = [percentilesOf(direct), percentilesOf(hop)];
  return {
    count: hop.length,
    direct: straight,
    hop: through,
    added: {
      p50: through.p50 - straight.p50,
      p95: through.p95 - straight.p95,
      p99: through.p99 - straight.p99,
    },
  };
}

function percentilesOf(values: readonly number[]): LatencyPercentiles {
  const at = (quantile: number) => percentile(values, quantile) ?? NaN;
  return { p50: at(0.5), p95: at(0.95), p99: at(0.99) };
}
