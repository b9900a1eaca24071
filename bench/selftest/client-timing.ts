import type { LoadSample } from "../load/load.ts";
import { meanOf, percentile, summarize } from "../statistics/distribution.ts";
import { createRng } from "../statistics/rng.ts";
import { chatSessions } from "./chat-sessions.ts";
import { checkRow, type CheckRow } from "./check-row.ts";
import { EngineLog, type EngineRequest } from "./engine-log.ts";
import { startEngine, type SelftestStack } from "./selftest-stack.ts";

/** One load against the engine's own stamps. */
export interface TimingLevel {
  /** Streams that are open at once. */
  readonly streams: number;
  /** Requests that follow each other in each stream. */
  readonly requestsEach: number;
  readonly tokens: number;
  /** One token of every stream in each step. */
  readonly decodeStepMs: number;
}

/**
 * What the client said minus what the engine said, milliseconds. Both read CLOCK_MONOTONIC of one machine, so single
 * moments can be compared. A latency begins with the client's own stamp of sending: how long the engine is busy
 * before it reads a request is time that a user waits, and no error; `wayInMs` holds it against the stamp itself.
 */
export interface TimingErrors {
  readonly streams: number;
  /** From the client's stamp of sending until the engine had read the request's head: never negative, seldom long. */
  readonly wayInMs: readonly number[];
  /** TTFT - (engine's first send stamp - sending). */
  readonly ttftMs: readonly number[];
  /** E2E - (engine's last byte - sending). */
  readonly e2eMs: readonly number[];
  /** One per request: mean gap between tokens. */
  readonly itlMs: readonly number[];
  /** One per token: gap at the client - gap at the engine. Only of answers whose every token came in a chunk of its own. */
  readonly gapMs: readonly number[];
  readonly samples: readonly LoadSample[];
  readonly engine: ReadonlyMap<string, EngineRequest>;
}

/** The simulator's chunks without text: the role; finish reason, usage and `[DONE]`. */
const [chunksBefore, chunksAfter] = [1, 3];

/** Runs one level on an engine of its own. */
export async function measureClientTiming(stack: SelftestStack, level: TimingLevel): Promise<TimingErrors> {
  const { streams, requestsEach, tokens, decodeStepMs } = level;
  const rng = createRng(streams);
  await using engine = await startEngine(stack, { decodeStepMs });
  const { url } = engine.ready;
  const load = (label: string, turns: number) =>
    stack.sender.run({
      url,
      sessions: chatSessions(label, streams, {
        turns,
        messageChars: () => 200,
        outputTokens: tokens,
        // At any moment of the engine's steps, as agents come that have been busy with a tool.
        thinkMs: () => 2 * decodeStepMs * rng.next(),
      }),
      // Spread over the length of an answer, so that the streams do not begin together.
      pace: { kind: "closed", users: streams, staggerMs: (tokens * decodeStepMs) / streams },
      timeoutMs: 60_000,
      connectionsMax: null,
      keep: { chunks: true, output: false },
    });
  await load("warm", 1);
  const log = await EngineLog.from(url);
  const { samples } = await load("timed", requestsEach);
  return { streams, ...timingErrors(samples, await log.read()) };
}

/** Joins by request id. Samples that failed, or that the engine does not know, are not in the errors. */
export function timingErrors(
  samples: readonly LoadSample[],
  engine: ReadonlyMap<string, EngineRequest>,
): Omit<TimingErrors, "streams"> {
  const errors = {
    wayInMs: [] as number[],
    ttftMs: [] as number[],
    e2eMs: [] as number[],
    itlMs: [] as number[],
    gapMs: [] as number[],
  };
  for (const sample of samples) {
    const { sentNs, firstTokenNs, lastTokenNs, endedNs, chunks } = sample;
    const served = engine.get(sample.id);
    const [firstSentNs, lastSentNs] = [served?.sendNs[0], served?.sendNs.at(-1)];
    if (served === undefined || firstSentNs === undefined || lastSentNs === undefined) continue;
    if (sentNs === null || firstTokenNs === null || lastTokenNs === null) continue;
    errors.wayInMs.push((served.receivedNs - sentNs) / 1e6);
    errors.ttftMs.push((firstTokenNs - firstSentNs) / 1e6);
    errors.e2eMs.push((endedNs - served.endNs) / 1e6);
    const gaps = served.sendNs.length - 1;
    if (gaps > 0) errors.itlMs.push((lastTokenNs - firstTokenNs - (lastSentNs - firstSentNs)) / gaps / 1e6);
    if (chunks === null || chunks.length !== served.sendNs.length + chunksBefore + chunksAfter) continue;
    for (let at = 1; at <= gaps; at += 1) {
      const here =
        (chunks[at + chunksBefore]?.[0] ?? Number.NaN) - (chunks[at + chunksBefore - 1]?.[0] ?? Number.NaN);
      const there = (served.sendNs[at] ?? Number.NaN) - (served.sendNs[at - 1] ?? Number.NaN);
      errors.gapMs.push((here - there) / 1e6);
    }
  }
  return { ...errors, samples, engine };
}

/** Bias and spread of the client's latencies at one level. */
export function timingRows(errors: TimingErrors): readonly CheckRow[] {
  const { streams } = errors;
  const row = (id: string, name: string, values: readonly number[]) => ({
    id: `${id}-${streams}`,
    what: `${name}, ${streams} ${streams === 1 ? "stream" : "streams"}`,
    unit: "ms" as const,
    detail: spreadText(values),
  });
  const meanRow = (id: string, name: string, values: readonly number[]) =>
    checkRow({ ...row(id, name, values), value: values.length === 0 ? null : meanOf(values) });
  const { wayInMs } = errors;
  return [
    meanRow("ttft-bias", "TTFT error", errors.ttftMs),
    meanRow("itl-bias", "ITL error", errors.itlMs),
    meanRow("gap-spread", "error of single gaps", errors.gapMs),
    meanRow("e2e-bias", "E2E error", errors.e2eMs),
    checkRow({
      ...row("way-in", "p50 from sending to the engine's reading", wayInMs),
      value: percentile(wayInMs, 0.5),
    }),
    checkRow({
      ...row("way-in-least", "shortest of these", wayInMs),
      value: wayInMs.length === 0 ? null : Math.min(...wayInMs),
    }),
  ];
}

/** e.g. `p50 0.21, p99 0.9, n 128` in milliseconds. */
export function spreadText(values: readonly number[]): string {
  const { p50, p99, max, count } = summarize(values);
  const parts = [
    ...(p50 === null ? [] : [`p50 ${p50.toFixed(3)}`]),
    ...(p99 !== null ? [`p99 ${p99.toFixed(2)}`] : max === null ? [] : [`max ${max.toFixed(2)}`]),
    `n ${count}`,
  ];
  return parts.join(", ");
}
