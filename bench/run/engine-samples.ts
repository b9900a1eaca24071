import { appendFile } from "node:fs/promises";
import { join } from "node:path";
import { messageOf } from "../errors.ts";
import type { Clock } from "../measure/clock.ts";
import { type EngineSampling, type SampledEngine, sampleEngines } from "../metrics/sample-engines.ts";
import type { EngineSample } from "../store/engine-sample.ts";
import type { SegmentFacts } from "../store/segment-facts.ts";

/**
 * Writes what the engines say of themselves while a segment works, to `engines.ndjson` in its folder. It is looked at
 * afterwards and nothing is decided by it, so the run goes on where it cannot be written: the segment's facts then say why.
 */
export class EngineSamples {
  readonly #path: string;
  readonly #intervalS: number;
  readonly #stop = new AbortController();
  readonly #ended: Promise<void>;
  #readings = 0;
  #failed = 0;
  #unwritten: string | null = null;

  constructor(
    engines: readonly SampledEngine[],
    {
      directory,
      clock,
      intervalS,
    }: { readonly directory: string; readonly clock: Clock; readonly intervalS: number },
  ) {
    this.#path = join(directory, "engines.ndjson");
    this.#intervalS = intervalS;
    const { signal } = this.#stop;
    this.#ended = sampleEngines(engines, {
      clock,
      intervalS,
      signal,
      sampled: (sampling) => this.#write(sampling),
    }).catch((error: unknown) => {
      this.#unwritten ??= messageOf(error);
    });
  }

  /** Reads no more. */
  async stop(): Promise<NonNullable<SegmentFacts["engineSamples"]>> {
    this.#stop.abort();
    await this.#ended;
    return {
      intervalSeconds: this.#intervalS,
      readings: this.#readings,
      failed: this.#failed,
      ...(this.#unwritten !== null && { error: this.#unwritten }),
    };
  }

  async #write(sampling: EngineSampling): Promise<void> {
    await appendFile(this.#path, `${JSON.stringify(sampleOf(sampling))}\n`);
    this.#readings += 1;
    if ("failed" in sampling) this.#failed += 1;
  }
}

function sampleOf(sampling: EngineSampling): EngineSample {
  const { role, atNs } = sampling;
  if ("failed" in sampling) return { v: 1, role, atNs, ...unknown, error: sampling.failed };
  const { running, queued, kvUsage, requests, promptTokens, generationTokens, cachedTokens } = sampling.state;
  const said = { running, queued, kvUsage, requests, promptTokens, generationTokens, cachedTokens };
  return { v: 1, role, atNs, ...said };
}

const unknown = {
  running: null,
  queued: null,
  kvUsage: null,
  requests: null,
  promptTokens: null,
  generationTokens: null,
  cachedTokens: null,
};
