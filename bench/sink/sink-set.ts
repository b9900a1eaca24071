import { appendFile } from "node:fs/promises";
import { join } from "node:path";
import type { SinkSection } from "../config/section.ts";
import { messageOf } from "../errors.ts";
import type { SinkContext, SinkEvent, SinkKind, SinkLimits } from "./sink.ts";
import { SinkQueue } from "./sink-queue.ts";

export interface SinkSetOptions {
  readonly kinds: readonly SinkKind[];
  readonly context: SinkContext;
  readonly tell: (line: string) => void;
  readonly limits?: Partial<SinkLimits>;
}

/** All sinks of a run. Nothing here throws once the sections are known to be good. */
export class SinkSet {
  readonly #queues: readonly SinkQueue[];
  readonly #options: SinkSetOptions;

  /** `sections`: `sinks:` of the experiment. */
  constructor(sections: readonly SinkSection[], options: SinkSetOptions) {
    this.#options = options;
    this.#queues = sections.map((section) => {
      const name = section.kind;
      const kind = options.kinds.find((known) => known.section.kind === name);
      if (kind === undefined) throw new Error(`a sink of kind ${name} passed the schema and is not known`);
      const { context, tell } = options;
      const open = async () => kind.open(section, context);
      return new SinkQueue({ name, open, tell, limits: { ...kind.limits, ...options.limits } });
    });
  }

  /** Returns at once. */
  push(event: SinkEvent): void {
    for (const queue of this.#queues) queue.push(event);
  }

  /** After the last event. Says what was lost, and writes it to `logs/sinks.log`; waits no longer than the limits allow. */
  async close(): Promise<void> {
    const losses = (await Promise.all(this.#queues.map((queue) => queue.close()))).filter(
      (loss) => loss !== null,
    );
    if (losses.length === 0) return;
    const { context, tell } = this.#options;
    losses.forEach(tell);
    try {
      await appendFile(join(context.runDirectory, "logs", "sinks.log"), `${losses.join("\n")}\n`);
    } catch (error) {
      tell(`logs/sinks.log could not be written: ${messageOf(error)}`);
    }
  }
}
