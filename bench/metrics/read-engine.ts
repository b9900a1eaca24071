import { setTimeout as sleep } from "node:timers/promises";
import type { Clock } from "../measure/clock.ts";
import { readLoads } from "./engine-loads.ts";
import { type EngineState, readEngineState } from "./engine-state.ts";
import { scrape } from "./snapshot.ts";

/** What an engine said of itself at one moment. */
export interface EngineReading {
  readonly state: EngineState;
  /** Monotonic nanoseconds. */
  readonly atNs: number;
}

export interface ReadOptions {
  readonly clock: Clock;
  /** Of each of the pages that are read. */
  readonly timeoutMs: number;
  readonly signal: AbortSignal;
  readonly headers?: Readonly<Record<string, string>> | undefined;
  /** Environment variable that the key in `headers` came from. */
  readonly keyName?: string | undefined;
}

/**
 * Reads one engine again and again. Running, queued and memory are those of SGLang's `/v1/loads` where there is one, because
 * its gauges may be half a minute old; a server that has none is asked once. Where it has one and does not answer, they are not
 * known at that moment: old gauges between new numbers would look like news.
 */
export class EngineReader {
  readonly #url: string;
  /** null: it has not been asked yet. */
  #hasLoads: boolean | null = null;

  constructor(metricsUrl: string) {
    this.#url = metricsUrl;
  }

  /** @throws {ScrapeError} */
  async read({ clock, timeoutMs, signal, headers, keyName }: ReadOptions): Promise<EngineReading> {
    const snapshot = await scrape(this.#url, {
      clock,
      timeoutMs,
      signal,
      ...(headers && { headers }),
      keyName,
    });
    const state = readEngineState(snapshot);
    const atNs = snapshot.atNs ?? clock.nowNs();
    if (this.#hasLoads === false) return { state, atNs };
    const now = await readLoads(this.#url, { timeoutMs, signal, headers });
    this.#hasLoads ??= now !== null;
    if (!this.#hasLoads) return { state, atNs };
    if (now === null) return { state: { ...state, running: null, queued: null, kvUsage: null }, atNs };
    const { running, queued, kvUsage } = now;
    return { state: { ...state, running, queued, kvUsage: kvUsage ?? state.kvUsage }, atNs };
  }
}

/** Waits for so many seconds; false when the signal came first. */
export async function restedFor(seconds: number, signal: AbortSignal): Promise<boolean> {
  try {
    await sleep(Math.max(0, seconds * 1000), undefined, { signal });
    return true;
  } catch (error) {
    if (signal.aborted) return false;
    throw error;
  }
}
