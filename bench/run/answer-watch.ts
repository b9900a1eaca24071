import { wayOf } from "../store/place.ts";
import type { EpisodeRecord } from "../store/record.ts";
import { cutAnswer, noAnswerLabel } from "../workload/sample-line.ts";

export type WatchedSample = Pick<EpisodeRecord, "arm" | "failure"> &
  Partial<Pick<EpisodeRecord, "labels" | "variant">>;

interface Way {
  samples: number;
  answered: boolean;
  cut: number;
}

/**
 * Looks at the first samples of each way to the engine: where not one of them holds anything that could be taken for an answer, the
 * form is wrong and not the model, and hours more of it would say nothing. Those of earlier invocations count: who goes on with such
 * a run has seen it, and is not stopped again.
 */
export class AnswerWatch {
  readonly #samplesMin: number;
  readonly #ways = new Map<string, Way>();

  /** @param samplesMin 0: nothing is looked at */
  constructor(samplesMin: number, earlier: Iterable<WatchedSample> = []) {
    this.#samplesMin = samplesMin;
    for (const record of earlier) this.#count(record);
  }

  /** Null where all is well or nothing can be said yet, else what happened and what to do; `others`: other ways have had answers. */
  ended(record: WatchedSample): { readonly message: string; readonly others: boolean } | null {
    const way = this.#count(record);
    if (way === null || way.answered || way.samples !== this.#samplesMin) return null;
    const others = [...this.#ways.values()].some(({ answered }) => answered);
    return { message: messageOf(wayOf(record), way, others), others };
  }

  /** What a failed part ended is no sample. */
  #count(record: WatchedSample): Way | null {
    if (record.failure !== null) return null;
    const name = wayOf(record);
    const way = this.#ways.get(name) ?? { samples: 0, answered: false, cut: 0 };
    this.#ways.set(name, way);
    const labels = record.labels ?? [];
    way.samples += 1;
    if (!labels.includes(noAnswerLabel)) way.answered = true;
    if (labels.includes(cutAnswer)) way.cut += 1;
    return way;
  }
}

function messageOf(name: string, { samples, cut }: Way, others: boolean): string {
  const advice = [
    ...(cut === 0 ? [] : [`${cut} of them were cut by the limit of tokens: raise sampling.maxTokens`]),
    ...(others
      ? ["Other ways to the engine got answers: look at what this one changes in them"]
      : [
          "Look at what the model said: its chat template, its tool or reasoning parser, or the name of the model may be wrong",
        ]),
    "To go on as it is, resume: these samples are kept and count, and nothing is asked twice",
  ];
  const given = others
    ? `no further episode of ${name} is begun; the others go on`
    : "no further episode is begun";
  return [
    `Not one of the first ${samples} samples of ${name} holds an answer that the rules find (workload.smoke), so ${given}.`,
    `${advice.join(". ")}.`,
  ].join("\n");
}
