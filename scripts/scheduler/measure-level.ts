import { interTokenMs, requestSpans } from "../../bench/load/latency.ts";
import type { LoadThread } from "../../bench/load/load-thread.ts";
import type { LoadSample } from "../../bench/load/load.ts";
import { percentile } from "../../bench/statistics/distribution.ts";
import type { RunningEngine } from "./engines.ts";
import { betweenPasses, passFigures, readPasses, type Between, type PassFigures } from "./pass-log.ts";
import { processorSeconds, usedBetween } from "./processor-time.ts";
import { conversations, outputTokens } from "./traffic.ts";

export interface Spread {
  readonly p50: number;
  readonly p95: number;
}

/** What one load did to one engine. */
export interface LevelFigures {
  readonly engine: string;
  readonly users: number;
  readonly requests: number;
  readonly wallSeconds: number;
  readonly ttftMs: Spread;
  readonly itlMs: Spread;
  readonly promptTokens: number;
  /** Of the prompt tokens, as the engine's usage says. */
  readonly cachedShare: number;
  readonly processorSeconds: ReadonlyMap<string, number>;
  /** Of an engine that logs its passes. */
  readonly passes: PassFigures | null;
  readonly between: readonly Between[];
}

/** Users begin within this time, so that they are not in step with each other. */
const beginMs = 1_000;
const settleMs = 500;

/** Empties the engine's cache and sends it the conversations of so many users. @throws {Error} when a request failed */
export async function measureLevel(
  engine: RunningEngine,
  thread: LoadThread,
  users: number,
): Promise<LevelFigures> {
  await emptyCache(engine);
  const before = processorSeconds(engine.pid);
  const { samples } = await thread.run({
    url: engine.url,
    sessions: conversations(users),
    pace: { kind: "closed", users, staggerMs: beginMs / users },
    timeoutMs: 300_000,
    connectionsMax: null,
    keep: { chunks: false, output: false },
  });
  const used = usedBetween(before, processorSeconds(engine.pid));
  for (const sample of samples) refuseOther(engine, sample);
  const [fromNs, toNs] = [
    Math.min(...samples.map(({ sentNs, endedNs }) => sentNs ?? endedNs)),
    Math.max(...samples.map(({ endedNs }) => endedNs)),
  ];
  const passes = engine.passLog === null ? null : readPasses(engine.passLog, { fromNs, toNs });
  const sum = (of: (sample: LoadSample) => number) => samples.reduce((total, one) => total + of(one), 0);
  const promptTokens = sum(({ usage }) => usage?.promptTokens ?? 0);
  return {
    engine: engine.name,
    users,
    requests: samples.length,
    wallSeconds: (toNs - fromNs) / 1e9,
    ttftMs: spread(samples.map((sample) => (requestSpans.ttft(sample) ?? Number.NaN) / 1e6)),
    itlMs: spread(samples.map((sample) => interTokenMs(sample) ?? Number.NaN)),
    promptTokens,
    cachedShare: sum(({ usage }) => usage?.cachedTokens ?? 0) / promptTokens,
    processorSeconds: used,
    passes: passes === null ? null : passFigures(passes),
    between: passes === null ? [] : betweenPasses(passes),
  };
}

function refuseOther({ name }: RunningEngine, { id, outcome, error, usage }: LoadSample): void {
  if (outcome !== "completed")
    throw new Error(`${name}: request ${id} was ${outcome}: ${error ?? "no reason"}`);
  if (usage?.completionTokens === outputTokens) return;
  throw new Error(
    `${name}: request ${id} was answered with ${usage?.completionTokens ?? "an unknown number of"} tokens, not ${outputTokens}`,
  );
}

/** SGLang refuses while it still ends a request. */
async function emptyCache({ name, url }: RunningEngine): Promise<void> {
  for (let attempt = 0; attempt < 20; attempt += 1) {
    const response = await fetch(`${url}/flush_cache`, { method: "POST" });
    await response.text();
    if (response.ok) return;
    await new Promise((resolve) => setTimeout(resolve, settleMs));
  }
  throw new Error(`${name} does not empty its cache: POST /flush_cache was refused for 10 s.`);
}

function spread(values: readonly number[]): Spread {
  return { p50: percentile(values, 0.5) ?? Number.NaN, p95: percentile(values, 0.95) ?? Number.NaN };
}
