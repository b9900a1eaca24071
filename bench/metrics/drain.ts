import { setTimeout as sleep } from "node:timers/promises";
import { type Clock, millisecondsBetween } from "../measure/clock.ts";
import { readLoads } from "./engine-loads.ts";
import { readEngineState } from "./engine-state.ts";
import { detectProfile } from "./detect-profile.ts";
import { missingText, unknownPageText } from "./found-names.ts";
import { scrape, ScrapeError, type Snapshot } from "./snapshot.ts";

export interface DrainOptions {
  readonly clock: Clock;
  /** How long to wait in all. */
  readonly timeoutMs: number;
  /** Pause between two scrapes; default 200. */
  readonly intervalMs?: number;
  /** Time limit of one scrape; default 5000. */
  readonly scrapeTimeoutMs?: number;
  readonly signal?: AbortSignal;
  readonly headers?: Readonly<Record<string, string>>;
  /** See `ScrapeOptions`. */
  readonly keyName?: string | undefined;
}

export interface DrainResult {
  /** Nothing was running or queued in two scrapes in a row. Engines count requests when they finish, so only then are counters complete. */
  readonly drained: boolean;
  readonly waitedMs: number;
  /** Why it is not known to be idle; null when it is. */
  readonly reason: string | null;
}

const stoppedByCaller = "stopped by the caller";
const intervalDefaultMs = 200;
const scrapeTimeoutDefaultMs = 5000;
/** An engine that cannot be reached this many times in a row is taken for dead. */
const failuresMax = 5;

/**
 * Waits until the engine behind `url` is idle. Never throws for a server that is busy, silent or without metrics: it
 * says so in `reason`. When the page does not state running and queued requests, it does not wait. Where SGLang's
 * `/v1/loads` says something else than the page, it is believed.
 */
export async function waitUntilIdle(url: string, options: DrainOptions): Promise<DrainResult> {
  const startNs = options.clock.nowNs();
  const intervalMs = options.intervalMs ?? intervalDefaultMs;
  const waited = () => millisecondsBetween(startNs, options.clock.nowNs());
  const end = (reason: string | null): DrainResult => ({
    drained: reason === null,
    waitedMs: waited(),
    reason,
  });
  let idleLooks = 0;
  let failures = 0;
  for (;;) {
    const seen = await look(url, options);
    if (seen.kind === "unknowable") return end(seen.reason);
    idleLooks = seen.kind === "idle" ? idleLooks + 1 : 0;
    if (idleLooks === 2) return end(null);
    failures = seen.kind === "failed" ? failures + 1 : 0;
    if (failures === failuresMax) return end(`${failuresMax} looks in a row failed: ${seen.reason ?? ""}`);
    if (waited() + intervalMs > options.timeoutMs) {
      return end(`not idle after ${options.timeoutMs} ms: ${seen.reason ?? "idle in one look only"}`);
    }
    if (!(await pause(intervalMs, options.signal))) return end(stoppedByCaller);
  }
}

interface Look {
  readonly kind: "idle" | "busy" | "failed" | "unknowable";
  readonly reason: string | null;
}

async function look(url: string, options: DrainOptions): Promise<Look> {
  const { clock, scrapeTimeoutMs: timeoutMs = scrapeTimeoutDefaultMs, signal, headers, keyName } = options;
  try {
    const snapshot = await scrape(url, {
      clock,
      timeoutMs,
      ...(signal && { signal }),
      ...(headers && { headers }),
      keyName,
    });
    const { running, queued } = readEngineState(snapshot);
    if (running === null || queued === null) {
      return { kind: "unknowable", reason: untold(snapshot) };
    }
    // The scheduler's own word where it can be asked: gauges may be half a minute old.
    const now = (await readLoads(url, { timeoutMs, signal, headers })) ?? { running, queued };
    if (now.running + now.queued === 0) return { kind: "idle", reason: null };
    return { kind: "busy", reason: `${now.running} running, ${now.queued} queued` };
  } catch (error) {
    if (!(error instanceof ScrapeError)) throw error;
    if (error.reason === "aborted") return { kind: "unknowable", reason: stoppedByCaller };
    const transient =
      error.reason === "unreachable" || error.reason === "timeout" || (error.status ?? 0) >= 500;
    return { kind: transient ? "failed" : "unknowable", reason: error.message };
  }
}

function untold({ exposition: { samples } }: Snapshot): string {
  const profile = detectProfile(samples);
  const page = [...new Set(samples.map(({ name }) => name))];
  if (profile === null) return `running and queued requests are not known: ${unknownPageText(page)}`;
  const absent = Object.values(profile.gauges).find((names) => !names.some((name) => page.includes(name)));
  return absent === undefined
    ? `${Object.values(profile.gauges).flat().join(" or ")} is no number, or occurs more than once`
    : `running and queued requests are not known: ${missingText(absent, page, profile)}`;
}

/** false when the caller's signal ended the pause. */
async function pause(intervalMs: number, signal: AbortSignal | undefined): Promise<boolean> {
  try {
    await sleep(intervalMs, undefined, signal && { signal });
    return true;
  } catch (error) {
    if (signal?.aborted === true) return false;
    throw error;
  }
}
