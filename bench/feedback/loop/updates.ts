import { messageOf } from "../../errors.ts";
import type { Serving, StepLine } from "../files/step-line.ts";
import { stretchDirectory } from "../serving/serving-places.ts";
import type { FeedbackBatch } from "../trainer/trainer.ts";
import { TrainerError } from "../trainer/trainer-error.ts";
import type { JournalPage } from "./journal.ts";
import type { LoopParts, Trained } from "./loop-parts.ts";

type Missing = StepLine["missing"][number];

export interface Updates {
  readonly made: number;
  readonly uncertain: number;
  /** As told of the last one; null where nothing was. */
  readonly metrics: StepLine["sdpo_metrics"];
  readonly trainedTokens: number | null;
  readonly missing: readonly Missing[];
}

/** The updates of a step. A call of an earlier driver that has no answer is looked up, never repeated blindly. */
export class StepUpdates {
  readonly #parts: LoopParts;
  readonly #trained: Trained;
  readonly #page: JournalPage;
  readonly #batch: FeedbackBatch;

  // oxlint-disable-next-line max-params -- the parts of the run, whose step it is, and what it trains on
  constructor(parts: LoopParts, trained: Trained, page: JournalPage, batch: FeedbackBatch) {
    this.#parts = parts;
    this.#trained = trained;
    this.#page = page;
    this.#batch = batch;
  }

  /** Whether there is nothing to do: all were made, or one failed, or there is nothing to train on. */
  get over(): boolean {
    if (this.#batch.samples.length === 0 || this.#page.all("undone").length > 0) return true;
    return this.#page.all("done").length >= this.#parts.settings.steps_per_batch;
  }

  /** Finds out what became of a call that was sent and not answered when its driver died. */
  async settle(): Promise<void> {
    const sent = this.#page.all("sent").at(-1);
    const ended = [...this.#page.all("done"), ...this.#page.all("undone")];
    if (sent === undefined || ended.some(({ subStep }) => subStep === sent.subStep)) return;
    const made = await this.#wasMade(sent.before);
    if (made === false) return;
    if (made !== null) return await this.#add(sent.subStep, made, true);
    await this.#page.add({
      type: "undone",
      subStep: sent.subStep,
      uncertain: true,
      why: "the driver died while it was made, and the trainer does not tell how many updates an adapter has had",
    });
  }

  async makeAll(): Promise<void> {
    const { settings, checkpoint, phase } = this.#parts;
    while (!this.over) {
      checkpoint();
      const subStep = this.#page.all("done").length;
      phase(
        `${this.#trained.preference}, step ${String(this.#step)}: update ${subStep + 1} of ${settings.steps_per_batch}`,
      );
      await this.#make(subStep);
    }
  }

  result(): Updates {
    const done = this.#page.all("done");
    const undone = this.#page.all("undone");
    const last = done.at(-1)?.metrics ?? {};
    const tokens = done.map(({ trainedTokens }) => trainedTokens);
    const none = this.#batch.samples.length === 0;
    const uncertain = undone.filter((one) => one.uncertain).length;
    return {
      made: done.length,
      uncertain,
      metrics: Object.keys(last).length === 0 ? null : last,
      // Of an update that may have been made nobody knows the tokens.
      trainedTokens:
        uncertain > 0 || tokens.includes(null)
          ? null
          : tokens.reduce((sum: number, count) => sum + (count ?? 0), 0),
      missing: [
        ...(none
          ? [{ what: "feedback", on: "all sub-steps", why: "no sample of the batch has an answer" }]
          : []),
        ...undone.map(({ subStep, why }) => ({ what: "feedback", on: `sub-step ${subStep + 1}`, why })),
      ],
    };
  }

  get #step(): number {
    return this.#page.step ?? 0;
  }

  async #make(subStep: number): Promise<void> {
    const { trainer, cancelled, checkpoint, tell } = this.#parts;
    const before = (await this.#count())?.count ?? null;
    await this.#page.add({ type: "sent", subStep, before });
    try {
      await this.#add(subStep, await trainer.feedback(this.#batch, cancelled), false);
    } catch (error) {
      if (!(error instanceof TrainerError)) throw error;
      // What becomes of a call that was cancelled is found out when the run goes on.
      if (cancelled.aborted) checkpoint();
      if (error.status === null) await this.#parts.assertAlive();
      await this.#failed(subStep, before, error);
      tell(
        `warning: ${this.#trained.preference}, step ${this.#step}, update ${subStep + 1} failed: ${error.message}`,
      );
    }
  }

  /** As in the original, the step makes no more of them. */
  async #failed(subStep: number, before: number | null, error: TrainerError): Promise<void> {
    const made = await this.#wasMade(before);
    if (made !== null && made !== false) await this.#add(subStep, made, true);
    const refused = made === false || (made === null && error.status !== null);
    const why =
      made === null || made === false
        ? messageOf(error)
        : `it was made, and its answer failed: ${error.message}`;
    await this.#page.add({ type: "undone", subStep, uncertain: made === null && !refused, why });
  }

  async #add(
    subStep: number,
    result: {
      readonly metrics: Readonly<Record<string, number | null>>;
      readonly trainedTokens: number | null;
    },
    settled: boolean,
  ): Promise<void> {
    const { metrics, trainedTokens } = result;
    await this.#page.add({ type: "done", subStep, metrics: { ...metrics }, trainedTokens, settled });
  }

  /** What it answered; false: it was not made; null: nobody can tell. */
  async #wasMade(before: number | null) {
    const now = before === null ? null : await this.#count();
    if (now === null || before === null) return null;
    if (now.count === before) return false;
    if (now.count !== before + 1) return null;
    return now.last ?? { metrics: {}, trainedTokens: null };
  }

  async #count() {
    try {
      return await this.#parts.trainer.updates(this.#trained.loraId);
    } catch (error) {
      if (!(error instanceof TrainerError)) throw error;
      return null;
    }
  }
}

interface ServedUpdates {
  readonly during: Serving | null;
  readonly missing: readonly Missing[];
}

/** Makes what is left of a step's updates, under load. */
export async function updateUnderLoad(
  parts: LoopParts,
  {
    trained,
    page,
    step,
    updates,
  }: {
    readonly trained: Trained;
    readonly page: JournalPage;
    readonly step: number;
    readonly updates: StepUpdates;
  },
): Promise<ServedUpdates | null> {
  const { windows, modelName, runDirectory, settings } = parts;
  const before = page.all("done").length;
  await updates.settle();
  if (windows === null) {
    await updates.makeAll();
    return null;
  }
  const known = page.all("served").find(({ phase }) => phase === "during");
  if (known !== undefined) return { during: known.serving, missing: known.missing };
  if (updates.over) {
    const why =
      before === 0 && page.all("done").length === 0
        ? "no update was made"
        : "its driver died before it was read";
    return await served(page, null, [{ what: "serving", on: "during", why }]);
  }
  const first = page.all("done").length + 1;
  const directory = stretchDirectory(runDirectory, { preference: trained.preference, step, phase: "during" });
  const { stretch } = await windows.during(directory, modelName(trained.loraId), () => updates.makeAll());
  const part =
    first === 1
      ? []
      : [
          {
            what: "serving",
            on: "during",
            why: `measured from update ${first} of ${settings.steps_per_batch} on: those before were another driver's`,
          },
        ];
  const unread = stretch.unread === null ? [] : [{ what: "serving", on: "queue", why: stretch.unread }];
  return await served(page, stretch.serving, [...part, ...unread]);
}

async function served(
  page: JournalPage,
  serving: Serving | null,
  missing: readonly Missing[],
): Promise<ServedUpdates> {
  await page.add({ type: "served", phase: "during", serving, missing: [...missing] });
  return { during: serving, missing };
}
