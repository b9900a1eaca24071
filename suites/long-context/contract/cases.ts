import { createHash } from "node:crypto";
import { kinds, questionCount, type MaterialKind } from "../material/material.ts";
import type { LongContextSection } from "./section.ts";

/** One text with one question, as a plan knows it: what the text is made of, and not yet its words. */
export interface LongCase {
  readonly taskId: string;
  readonly kind: MaterialKind;
  /** Tokens of the whole prompt. */
  readonly length: number;
  /** Share of the text before the first part that the answer needs. */
  readonly depth: number;
  readonly trial: number;
  readonly seed: number;
  /** Of the kind's questions. */
  readonly question: number;
}

type Place = Pick<LongCase, "kind" | "length" | "depth">;

/** Every task of the grid once, short prompts first, so that what is wrong with a set-up costs little. */
export function placesOf({ kinds: wanted, lengths, depths }: LongContextSection): readonly Place[] {
  const ascending = (values: readonly number[]) => values.toSorted((a, b) => a - b);
  const inOrder = kinds.filter((kind) => wanted.includes(kind));
  return ascending(lengths).flatMap((length) =>
    inOrder.flatMap((kind) => ascending(depths).map((depth) => ({ kind, length, depth }))),
  );
}

/** The tasks that are run, once a trial. */
export function casesOf(section: LongContextSection): readonly LongCase[] {
  const places = placesOf(section).slice(0, section.limit);
  return Array.from({ length: section.trials }, (_, trial) =>
    places.map((place) => caseAt(place, { trial, seed: section.seed + trial })),
  ).flat();
}

export function caseAt(place: Place, { trial, seed }: Pick<LongCase, "trial" | "seed">): LongCase {
  const taskId = `${place.kind}-${place.length}-d${place.depth}`;
  return { ...place, taskId, trial, seed, question: questionOf(taskId, seed) };
}

/** By task and trial alone: another selection of lengths or depths changes nothing of a case. */
function questionOf(taskId: string, seed: number): number {
  return drawSeed(`${taskId}/${seed}/question`) % questionCount;
}

/** A number of 48 bits made of a text. */
export function drawSeed(text: string): number {
  return createHash("sha256").update(text).digest().readUIntBE(0, 6);
}
