import { appendFile } from "node:fs/promises";
import { join } from "node:path";
import { readGpuPower } from "../host/gpus.ts";
import { type Clock, secondsBetween } from "../measure/clock.ts";
import { readDcgmPower } from "../metrics/dcgm-power.ts";
import { restedFor } from "../metrics/read-engine.ts";
import { messageOf } from "../errors.ts";
import type { GpuWatts, PowerSample } from "../store/power-sample.ts";

/** Where the power of GPUs is read; null: it cannot be asked, or tells nothing. */
export interface PowerSource {
  readonly name: PowerSample["source"];
  readonly read: (signal: AbortSignal) => Promise<readonly GpuWatts[] | null>;
}

/** A DCGM exporter's page where the experiment names one, else `nvidia-smi` of this machine. */
export function powerSource(
  dcgm: string | undefined,
  { environment, clock }: { readonly environment: Parameters<typeof readGpuPower>[0]; readonly clock: Clock },
): PowerSource {
  if (dcgm === undefined) return { name: "nvidia-smi", read: () => readGpuPower(environment) };
  return { name: "dcgm", read: (signal) => readDcgmPower(dcgm, { clock, signal }) };
}

/** Reading must not become a part of the load: after a reading that took long, nothing is read for this many times as long. */
const restsPerReading = 9;

export interface PowerSampling {
  /** Folder of the segment. */
  readonly directory: string;
  readonly clock: Clock;
  readonly intervalS: number;
  readonly tell: (line: string) => void;
}

/**
 * Writes what the GPUs draw while a segment works, to `power.ndjson` in its folder. Nothing is decided by it, so the run goes
 * on where it cannot be read or written. A source that tells nothing at first is not asked again.
 */
export class PowerSamples {
  readonly #stop = new AbortController();
  readonly #ended: Promise<void>;

  constructor(source: PowerSource, sampling: PowerSampling) {
    this.#ended = sample(source, { ...sampling, signal: this.#stop.signal }).catch((error: unknown) => {
      if (!this.#stop.signal.aborted) sampling.tell(`the GPUs' power is not known: ${messageOf(error)}`);
    });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#stop.abort();
    await this.#ended;
  }
}

async function sample(
  { name, read }: PowerSource,
  { directory, clock, intervalS, signal }: PowerSampling & { readonly signal: AbortSignal },
): Promise<void> {
  const path = join(directory, "power.ndjson");
  for (;;) {
    const begunNs = clock.nowNs();
    const gpus = await read(signal);
    if (gpus === null || gpus.length === 0 || signal.aborted) return;
    const line: PowerSample = { v: 1, atNs: clock.nowNs(), source: name, gpus: [...gpus] };
    await appendFile(path, `${JSON.stringify(line)}\n`);
    const took = secondsBetween(begunNs, clock.nowNs());
    if (!(await restedFor(Math.max(intervalS - took, restsPerReading * took), signal))) return;
  }
}
