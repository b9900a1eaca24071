import { setTimeout as sleep } from "node:timers/promises";
import { request } from "undici";

export interface HttpProbe {
  readonly url: string;
  readonly status: number;
  readonly headers?: Readonly<Record<string, string>>;
}

/**
 * Asks with GET until the status is the one that means ready; `note` is told of every other answer. Rejects only when the
 * signal says so.
 */
export async function awaitHttp(
  { url, status, headers }: HttpProbe,
  signal: AbortSignal,
  note: (state: string) => void = () => undefined,
): Promise<void> {
  while (true) {
    const got = await statusOf(url, { headers: headers ?? {}, signal, timeoutMs: 10_000 });
    if (got === status) return;
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
  try {
    const signal = AbortSignal.any([options.signal, AbortSignal.timeout(options.timeoutMs)]);
    const response = await request(url, { headers: options.headers ?? {}, signal });
    await response.body.dump();
    return response.statusCode;
  } catch {
    return null;
  }
}
