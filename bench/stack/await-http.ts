import { setTimeout as sleep } from "node:timers/promises";
import { request } from "undici";
import { Deadline } from "../measure/deadline.ts";

export interface HttpProbe {
  readonly url: string;
  readonly status: number;
  readonly headers?: Readonly<Record<string, string>>;
  /** Another status that stays the same for so long shows as well that somebody serves there; absent: it never does. */
  readonly settledMs?: number;
}

/** What a server says that is up and not ready: it, or what it stands in front of, is not there yet or has too much to do. */
const notYet: ReadonlySet<number | null> = new Set([null, 429, 502, 503, 504]);

/** Told of every answer in turn (null: none), says whether it shows that the server serves. */
export function readiness({
  status: wanted,
  settledMs = Number.POSITIVE_INFINITY,
}: HttpProbe): (status: number | null, nowMs: number) => boolean {
  let same: { readonly status: number | null; readonly sinceMs: number } | null = null;
  return (status, nowMs) => {
    if (status === wanted) return true;
    if (same === null || same.status !== status) same = { status, sinceMs: nowMs };
    return !notYet.has(status) && nowMs - same.sinceMs >= settledMs;
  };
}

/**
 * Asks with GET until the status is the one that means ready, or has settled; resolves to it. `note` is told of every other
 * answer. Rejects only when the signal says so.
 */
export async function awaitHttp(
  probe: HttpProbe,
  signal: AbortSignal,
  note: (state: string) => void = () => undefined,
): Promise<number> {
  const { url, status, headers } = probe;
  const isReady = readiness(probe);
  while (true) {
    const got = await statusOf(url, { headers: headers ?? {}, signal, timeoutMs: 10_000 });
    if (isReady(got, performance.now()) && got !== null) return got;
    note(`GET ${url} ${got === null ? "was not answered" : `was answered with ${got}, not ${status}`}`);
    await sleep(100, undefined, { signal });
  }
}

/** Status of the answer to GET; null while nobody answers: why changes with every phase of a start, and its log says more. */
export async function statusOf(
  url: string,
  options: {
    readonly headers?: Readonly<Record<string, string>>;
    readonly signal: AbortSignal;
    readonly timeoutMs: number;
  },
): Promise<number | null> {
  using deadline = new Deadline(options.timeoutMs, options.signal);
  try {
    const { signal } = deadline;
    const response = await request(url, { headers: options.headers ?? {}, signal });
    await response.body.dump();
    return response.statusCode;
  } catch {
    return null;
  }
}
