import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { systemClock } from "../../measure/clock.ts";
import { secretsRemover } from "../../host/secret-words.ts";
import { scrape, ScrapeError } from "../../metrics/snapshot.ts";
import { EngineSamples } from "../../run/engine-samples.ts";
import type { TapClient } from "../../tap/client.ts";
import type { Serving } from "../files/step-line.ts";
import { BackgroundLoad, type BackgroundLoadOptions } from "./load.ts";
import { servingOf } from "./serving-of.ts";
import { readStretch, setAside } from "./serving-places.ts";

export interface WindowOptions {
  readonly tap: TapClient;
  readonly load: Omit<BackgroundLoadOptions, "model" | "signal">;
  /** Of the stretches before and after. */
  readonly seconds: number;
  /** The trainer's own address: what is read of it does not pass the tap. */
  readonly url: string;
  /** Of requests to the trainer. */
  readonly headers: Readonly<Record<string, string>>;
  /** Ends what is under way. */
  readonly signal: AbortSignal;
}

/** Readings of the page within a stretch; after one that took long there is none for nine times as long. */
const samplingSeconds = 0.25;
const scrapeMs = 5_000;

export interface MeasuredStretch {
  /** null: nobody was answered or refused in it. */
  readonly serving: Serving | null;
  /** Why the server's page says nothing of it; null where it was read. */
  readonly unread: string | null;
}

/** Stretches of time in which load goes on and everything that the service does about it is kept. */
export class ServingWindows {
  readonly #options: WindowOptions;

  constructor(options: WindowOptions) {
    this.#options = options;
  }

  /** Load, and nothing else. */
  async alone(directory: string, model: string): Promise<MeasuredStretch> {
    const { seconds, signal } = this.#options;
    return (
      await this.during(directory, model, async () => {
        // Who cancels the run does not wait for the end of a stretch.
        await sleep(seconds * 1000, undefined, { signal }).catch(() => undefined);
      })
    ).stretch;
  }

  /** Load for as long as something else takes. */
  async during<Result>(
    directory: string,
    model: string,
    work: () => Promise<Result>,
  ): Promise<{ readonly result: Result; readonly stretch: MeasuredStretch }> {
    const { tap, load, url, headers, signal } = this.#options;
    await setAside(directory);
    await mkdir(directory, { recursive: true });
    const unread = await this.#page(directory, "before");
    await tap.openSegment(directory, false);
    const samples = new EngineSamples([{ role: "agent", metricsUrl: url, headers }], {
      directory,
      clock: systemClock,
      intervalS: samplingSeconds,
    });
    const users = new BackgroundLoad({ ...load, model, signal });
    let result: Result;
    try {
      result = await work();
    } finally {
      await users.stop();
      await samples.stop();
      await tap.closeSegment();
    }
    await this.#page(directory, "after");
    return { result, stretch: { serving: servingOf([await readStretch(directory)]), unread } };
  }

  /** Returns why there is none. */
  async #page(directory: string, when: "before" | "after"): Promise<string | null> {
    const { url, headers, signal } = this.#options;
    try {
      const { text } = await scrape(url, { clock: systemClock, timeoutMs: scrapeMs, headers, signal });
      const page = secretsRemover(Object.values(headers))(text);
      await writeFile(join(directory, `trainer-${when}.prom`), page);
      return null;
    } catch (error) {
      if (!(error instanceof ScrapeError)) throw error;
      return error.message;
    }
  }
}
