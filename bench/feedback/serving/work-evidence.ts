import type { TapClient } from "../../tap/client.ts";
import { setAside, stretchDirectory, type StretchPlace } from "./serving-places.ts";

/** Keeps every exchange of a part of a step that is not under load: what was asked and answered, word for word. */
export class WorkEvidence {
  readonly #tap: Pick<TapClient, "openSegment" | "closeSegment">;
  readonly #runDirectory: string;

  constructor(tap: Pick<TapClient, "openSegment" | "closeSegment">, runDirectory: string) {
    this.#tap = tap;
    this.#runDirectory = runDirectory;
  }

  async of<Result>(place: StretchPlace, work: () => Promise<Result>): Promise<Result> {
    const directory = stretchDirectory(this.#runDirectory, place);
    await setAside(directory);
    await this.#tap.openSegment(directory, true);
    try {
      return await work();
    } finally {
      await this.#tap.closeSegment();
    }
  }
}
