import type { Difference } from "../../analysis/estimates/paired-difference.ts";
import type { Floor } from "../../analysis/overhead/floor.ts";
import type { Overhead } from "../../analysis/overhead/overhead.ts";
import { placeOf } from "../../store/place.ts";
import { findingText, isWithin, pathWords } from "./finding-text.ts";
import { differenceText } from "./number-text.ts";

const sentencesMax = 6;

/** What each arm adds, in a sentence for each load: what a reader came for. Pure. */
export function answerSentences(
  overheads: readonly Overhead[],
  floors: readonly Floor[],
  controls: ReadonlySet<string>,
): readonly string[] {
  const told = overheads.filter(({ arm }) => !controls.has(arm));
  const sentences = told.map((overhead) => {
    const { load, arm, variant, cells, refused, pathMs, aboveProxy } = overhead;
    const at = [loadWords(load), variant, arm].filter((word) => word !== undefined).join(", ");
    if (refused !== null) return `${at}: not stated: ${refused}.`;
    const floor = floors.find((one) => placeOf(one) === placeOf(overhead) && one.refused === null) ?? null;
    const own =
      aboveProxy === undefined
        ? ""
        : `; of it its own, beyond what any proxy costs: ${differenceText(aboveProxy.whole.difference)}`;
    const limited = cells.some(({ verdict }) => verdict === "client-limited")
      ? "; a cell is client-limited"
      : "";
    return `${at}: ${differenceText(pathMs.whole.difference)} ms on a whole request: ${said(pathMs.whole, floor)}${own}${limited}.`;
  });
  const more = sentences.length - sentencesMax;
  return more > 0 ? [...sentences.slice(0, sentencesMax), `${more} more are in the picture.`] : sentences;
}

function said(difference: Difference, floor: Floor | null): string {
  if (floor !== null && isWithin(difference, floor.pathMs.whole))
    return "no more than the baseline differs from itself (A/A)";
  return findingText(difference, pathWords).replaceAll("\n", " ");
}

function loadWords(load: string): string {
  const [kind, value = load] = load.split(":");
  return kind === "open" ? `${value} episodes begun per second` : `${value} in flight`;
}
