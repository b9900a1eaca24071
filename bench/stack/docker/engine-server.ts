import { setTimeout as sleep } from "node:timers/promises";
import { messageOf, StartError } from "../../errors.ts";
import type { RunningContainer } from "../../docker/container.ts";
import { endError } from "../../docker/container.ts";
import { readiness, statusOf, type HttpProbe } from "../await-http.ts";
import { loadProgress } from "./load-progress.ts";

export interface ServingOptions {
  /** Answered as they say when it serves, in this order. */
  readonly probes: readonly HttpProbe[];
  readonly container: RunningContainer;
  /** From now until the first answer. */
  readonly deadlineMs: number;
  /** For a person who waits for the weights. */
  readonly tell: (line: string) => void;
  readonly signal: AbortSignal;
}

const pollMs = 500;
const tellEveryMs = 15_000;

/** What an engine has to answer: its model, and then one generated token. */
export const enginePaths = ["/v1/models", "/health"] as const;

/**
 * Waits until a server answers what shows that it serves. Its container must live meanwhile; what it says about loading
 * is passed on.
 * @throws {StartError} with the end of its log when the container ends or the time is up.
 */
export async function waitUntilServing(options: ServingOptions): Promise<void> {
  const { container, signal } = options;
  const startMs = performance.now();
  const until = new AbortController();
  const died = container.end.then((end) => {
    until.abort();
    throw endError(container, end);
  });
  // Awaited below; a container that ends later is the stack's business.
  died.catch(() => undefined);
  // A server that is still loading refuses the connection, or answers 503.
  const asked = (probe: HttpProbe) => {
    const isReady = readiness(probe);
    const { url, headers = {} } = probe;
    return async () =>
      isReady(await statusOf(url, { headers, signal, timeoutMs: 30_000 }), performance.now());
  };
  const watching = watchLoad(options, until.signal);
  try {
    for (const probe of options.probes) {
      const answers = asked(probe);
      while (!(await Promise.race([answers(), died]))) {
        signal.throwIfAborted();
        if (performance.now() - startMs > options.deadlineMs) throw late(probe.url, options);
        await Promise.race([sleep(pollMs, undefined, { signal }), died]);
      }
    }
  } finally {
    until.abort();
    await watching;
  }
}

function late(url: string, { container, deadlineMs }: ServingOptions): StartError {
  const log = container.lastLogLines(15);
  return new StartError(
    container.name,
    `${container.name} did not answer ${url} within ${Math.round(deadlineMs / 1000)} s. ` +
      `Raise startSeconds when it was still loading. Its log ${log === "" ? "is empty" : `ends with:\n${log}`}`,
  );
}

async function watchLoad(options: ServingOptions, until: AbortSignal): Promise<void> {
  let told = "";
  while (!until.aborted) {
    const line = loadProgress(options.container.lastLogLines(40));
    if (line !== null && line !== told) options.tell(`${options.container.name}: ${line}`);
    told = line ?? told;
    await sleep(tellEveryMs, undefined, { signal: until }).catch((thrown: unknown) => {
      if (!until.aborted) throw new Error(messageOf(thrown));
    });
  }
}
