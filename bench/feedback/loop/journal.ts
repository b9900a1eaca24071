import { z } from "zod";
import { AppendFile } from "../../store/append-file.ts";
import { eachJsonLine, type StoreWarning } from "../../store/read-run.ts";
import { evalMetricsSchema, missingSchema, rolloutSchema, servingSchema } from "../files/step-line.ts";
import { metricNames } from "../metrics/metric.ts";
import { servingPhases } from "../serving/serving-places.ts";

/**
 * Lines of `<preference>/journal.jsonl`: what was done of a step, or of the baseline (`step` null), in the order in which it was
 * done. Each is on the disk before the next thing begins, so that a run that was killed goes on behind the last one.
 */
const common = {
  v: z.literal(1),
  step: z.number().int().nullable(),
  /** Of the step's own time so far, over all drivers. */
  elapsedS: z.number(),
};

const sampleSchema = z.object({
  ...common,
  type: z.literal("sample"),
  /** Within the batch. */
  index: z.number().int(),
  prompt: z.string(),
  response: z.string().nullable(),
  finishReason: z.string().nullable(),
  failure: z.string().nullable(),
});

/** An update is about to be asked for. */
const sentSchema = z.object({
  ...common,
  type: z.literal("sent"),
  subStep: z.number().int(),
  /** Updates that the adapter had before; null where the trainer does not tell. */
  before: z.number().int().nullable(),
});

const doneSchema = z.object({
  ...common,
  type: z.literal("done"),
  subStep: z.number().int(),
  metrics: z.record(z.string(), z.number().nullable()),
  trainedTokens: z.number().int().nullable(),
  /** Known from the trainer's count and not from its answer: the driver died, or the answer failed. */
  settled: z.boolean(),
});

/** An update that was refused, or of which it is not known whether it was made; the step makes no more. */
const undoneSchema = z.object({
  ...common,
  type: z.literal("undone"),
  subStep: z.number().int(),
  uncertain: z.boolean(),
  why: z.string(),
});

const servedSchema = z.object({
  ...common,
  type: z.literal("served"),
  phase: z.enum(servingPhases),
  serving: servingSchema.nullable(),
  missing: z.array(missingSchema),
});

const measuredSchema = z.object({
  ...common,
  type: z.literal("measured"),
  metric: z.enum(metricNames),
  fields: evalMetricsSchema.omit({ rollouts: true }).partial(),
  rollouts: z.array(rolloutSchema),
  missing: z.array(missingSchema),
});

const entrySchema = z.discriminatedUnion("type", [
  sampleSchema,
  sentSchema,
  doneSchema,
  undoneSchema,
  servedSchema,
  measuredSchema,
]);
export type JournalEntry = z.infer<typeof entrySchema>;
type EntryOf<Type extends JournalEntry["type"]> = Extract<JournalEntry, { readonly type: Type }>;
/** What a caller says of an entry; the rest is the journal's. */
export type NewEntry = JournalEntry extends infer Entry
  ? Entry extends JournalEntry
    ? Omit<Entry, "v" | "step" | "elapsedS">
    : never
  : never;

/** The journal of one preference. */
export class Journal implements AsyncDisposable {
  readonly #file: AppendFile;
  readonly #entries: JournalEntry[];

  private constructor(file: AppendFile, entries: JournalEntry[]) {
    this.#file = file;
    this.#entries = entries;
  }

  /** Opens or makes it; a line that its driver did not finish is cut off. Throws RunUnreadableError, StorageError. */
  static async open(path: string): Promise<Journal> {
    const { lines, endByte } = await wholeLines(path, entrySchema);
    const file = await AppendFile.open(path);
    if (file.length > endByte) await file.truncate(endByte);
    return new Journal(file, lines);
  }

  /** What was done of a step before now, and where more of it is written down. */
  page(step: number | null, nowMs: () => number): JournalPage {
    const known = this.#entries.filter((entry) => entry.step === step);
    return new JournalPage(known, {
      step,
      nowMs,
      write: async (entry) => {
        await this.#file.appendLine(JSON.stringify(entrySchema.parse(entry)));
        this.#entries.push(entry);
      },
    });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#file[Symbol.asyncDispose]();
  }
}

interface PagePlace {
  readonly step: number | null;
  readonly nowMs: () => number;
  readonly write: (entry: JournalEntry) => Promise<void>;
}

/** Of one step. */
export class JournalPage {
  readonly #entries: JournalEntry[];
  readonly #place: PagePlace;
  readonly #beforeS: number;
  readonly #startedMs: number;

  constructor(entries: readonly JournalEntry[], place: PagePlace) {
    this.#entries = [...entries];
    this.#place = place;
    this.#beforeS = entries.at(-1)?.elapsedS ?? 0;
    this.#startedMs = place.nowMs();
  }

  get step(): number | null {
    return this.#place.step;
  }

  /** Seconds of work on the step, those of earlier drivers included. */
  get elapsedS(): number {
    return this.#beforeS + (this.#place.nowMs() - this.#startedMs) / 1000;
  }

  all<Type extends JournalEntry["type"]>(type: Type): readonly EntryOf<Type>[] {
    return this.#entries.filter((entry): entry is EntryOf<Type> => entry.type === type);
  }

  /** Returns the entry when it is on the disk. */
  async add(entry: NewEntry): Promise<void> {
    const whole: JournalEntry = { ...entry, v: 1, step: this.#place.step, elapsedS: this.elapsedS };
    await this.#place.write(whole);
    this.#entries.push(whole);
  }
}

/** The lines of a file that were finished, and where the last of them ends. */
export async function wholeLines<T>(
  path: string,
  schema: z.ZodType<T>,
): Promise<{ readonly lines: T[]; readonly endByte: number }> {
  const lines: T[] = [];
  const warnings: StoreWarning[] = [];
  let endByte = 0;
  await eachJsonLine({ path, schema }, warnings, (value, line) => {
    lines.push(value);
    endByte = line.endByte;
  });
  return { lines, endByte };
}
