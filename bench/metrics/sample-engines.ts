import { type Clock, secondsBetween } from "../measure/clock.ts";
import { type EngineReading, EngineReader, type ReadOptions, restedFor } from "./read-engine.ts";
import { ScrapeError } from "./snapshot.ts";

/** An engine that is read while it works. */
export interface SampledEngine extends Pick<ReadOptions, "headers" | "keyName"> {
  readonly role: "agent" | "user";
  readonly metricsUrl: string;
}

/** What was read of one engine, or why nothing was. */
export type EngineSampling =
  | ({ readonly role: SampledEngine["role"] } & EngineReading)
  | { readonly role: SampledEngine["role"]; readonly atNs: number; readonly failed: string };

export interface SampleOptions {
  readonly clock: Clock;
  readonly intervalS: number;
  /** Ends it. */
  readonly signal: AbortSignal;
  /** Called in order; the next reading waits for it. */
  readonly sampled: (sampling: EngineSampling) => Promise<void>;
}

/**
 * Reading must not become a part of the load: after a reading that took long, nothing is read for this many times as long.
 */
const restsPerReading = 9;
const timeoutMs = 5_000;

/**
 * Reads the engines at start + interval, start + 2 x interval and so on until the signal; readings that were missed are left
 * out, never caught up. An engine that cannot be read is a sample without numbers; one that refuses is not asked again.
 */
export async function sampleEngines(
  engines: readonly SampledEngine[],
  { clock, intervalS, signal, sampled }: SampleOptions,
): Promise<void> {
  const startNs = clock.nowNs();
  const elapsedS = () => secondsBetween(startNs, clock.nowNs());
  let readers = engines.map((engine) => ({ engine, reader: new EngineReader(engine.metricsUrl) }));
  let dueS = intervalS;
  while (readers.length > 0 && (await restedFor(dueS - elapsedS(), signal))) {
    const begunS = elapsedS();
    const read = await Promise.all(
      readers.map(({ engine, reader }) => readOne(engine, reader, { clock, signal })),
    );
    for (const one of read) if (one !== null) await sampled(one.sampling);
    readers = readers.filter((_, index) => read[index]?.hasPage !== false);
    const endedS = elapsedS();
    const restedS = endedS + restsPerReading * (endedS - begunS);
    dueS = Math.max(dueS + intervalS, Math.ceil(restedS / intervalS) * intervalS);
  }
}

/** null when the signal came first. A server that refuses has no page for us, now or later. */
async function readOne(
  { role, headers, keyName }: SampledEngine,
  reader: EngineReader,
  { clock, signal }: Pick<SampleOptions, "clock" | "signal">,
): Promise<{ readonly sampling: EngineSampling; readonly hasPage: boolean } | null> {
  try {
    const reading = await reader.read({ clock, signal, timeoutMs, headers, keyName });
    return { sampling: { role, ...reading }, hasPage: true };
  } catch (error) {
    if (!(error instanceof ScrapeError)) throw error;
    if (error.reason === "aborted") return null;
    const { status, message } = error;
    const hasPage = status === null || status < 400 || status >= 500;
    return { sampling: { role, atNs: clock.nowNs(), failed: message }, hasPage };
  }
}
