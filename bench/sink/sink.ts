import type { z } from "zod";
import type { Section } from "../config/section.ts";
import type { CellRecord, EpisodeRecord } from "../store/record.ts";
import type { RunJson } from "../store/run-json.ts";

/**
 * The contract between a run and the places where its results go beside the run directory: a file, a tracking server, a
 * collector. A sink is a folder in `bench/sink/`, or a file beside the workload that needs it, and one line in the
 * composition root.
 *
 * A sink lives in the driver's process, so it waits for its I/O and computes little. It may be slow, fail or hang: events
 * wait for it in a queue (`sink-queue.ts`), every call has a time limit, and what is lost is counted. The run directory is
 * complete without it.
 */
export interface Sink {
  /** One event, in the order in which they happened. A rejection means that this event is lost; the next one comes all the same. */
  take(event: SinkEvent, signal: AbortSignal): Promise<void>;
  /** After the last event. */
  close(signal: AbortSignal): Promise<void>;
}

export type SinkEvent =
  | RunStarted
  /** As it stands in `records.jsonl`, after it was stored. */
  | EpisodeRecord
  /** A cell's summary; a cell that goes on after a resume or a death of its engine is summed up again. */
  | CellRecord
  | RunFinished;

interface RunStarted {
  readonly type: "run-started";
  readonly run: RunJson;
  readonly resumed: boolean;
}

/** The last event; `report/` in the run directory is written by then. */
interface RunFinished {
  readonly type: "run-ended";
  readonly reason: "complete" | "interrupted" | "failed";
  readonly exitCode: number;
  readonly error: string | null;
}

export interface SinkContext {
  readonly runId: string;
  readonly runDirectory: string;
  /** For keys and addresses that the section names by their variables. */
  readonly environment: Readonly<Record<string, string | undefined>>;
}

/** One kind of sink, as the composition root lists it. */
export interface SinkKind {
  /** Its section of the experiment file, an item of `sinks:`. */
  readonly section: Section;
  /** Throws when the place cannot be reached; the run goes on without it. */
  open(section: unknown, context: SinkContext): Promise<Sink>;
  /** For a sink that does its work when the run has ended. */
  readonly limits?: Partial<SinkLimits>;
}

export interface SinkLimits {
  /** Events that wait; more are dropped, but for the last one of a run. */
  readonly waitingMax: number;
  /** For opening, for one event, and for closing. */
  readonly callMs: number;
  /** For everything that still waits when the run has ended. */
  readonly drainMs: number;
}

/** Makes a kind whose `open` gets its own section, checked and with its defaults. */
export function sinkKind<Schema extends z.ZodObject>(definition: {
  readonly kind: string;
  readonly schema: Schema;
  readonly open: (section: z.output<Schema>, context: SinkContext) => Promise<Sink>;
  readonly limits?: Partial<SinkLimits>;
}): SinkKind {
  const { kind, schema, open, limits } = definition;
  return {
    section: { kind, schema },
    open: async (given, context) => open(schema.parse(given), context),
    ...(limits !== undefined && { limits }),
  };
}
