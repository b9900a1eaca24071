import { createHash } from "node:crypto";
import type { AskedModel } from "../trainer/trainer.ts";

/** What draws are for. */
export interface SeedPlace {
  /** Of the settings. */
  readonly seed: number;
  readonly preference: string;
  /** null: the baseline. */
  readonly step: number | null;
  /** `sample`, or a metric. */
  readonly what: string;
}

/** The same place has the same draws in every run with this seed, whatever happened before. */
export function seedAt({ seed, preference, step, what }: SeedPlace, index: number): number {
  const text = JSON.stringify([seed, preference, step, what, index]);
  return createHash("sha256").update(text).digest().readUInt32BE(0) >>> 1;
}

/** A model whose requests have seeds by their order; those that bring their own keep it, mixed with the place. */
export function seededModel(model: AskedModel, place: SeedPlace): AskedModel {
  let asked = 0;
  return {
    complete: (request) => {
      const index = request.seed ?? asked;
      asked += 1;
      return model.complete({ ...request, seed: seedAt(place, index) });
    },
    score: (messages, completion) => model.score(messages, completion),
  };
}
