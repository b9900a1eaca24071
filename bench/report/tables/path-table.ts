import { differenceText, numberText } from "./number-text.ts";
import { placeOf } from "../../store/place.ts";
import type { Overhead } from "../../analysis/overhead/overhead.ts";
import type { Floor } from "../../analysis/overhead/floor.ts";
import { findingText, pathWords } from "./finding-text.ts";
import { minimumCellPairs, type Difference } from "../../analysis/estimates/paired-difference.ts";
import { filled, left, right, type Table, type TableOf } from "./table.ts";

/** Time between the taps on the same requests, arm minus baseline. */
export const path: TableOf<Overhead> = {
  title: "Overhead in the path, ms per request (arm minus raw, 95 % interval)",
  columns: [
    left("load", placeOf),
    left("arm", ({ arm }) => arm),
    right(
      "joined\n/requests",
      ({ armPath }) => `${armPath.joined}/${armPath.requests}`,
      "requests of the arm that are known to be the same at both taps",
    ),
    right(
      "tasks\n/pairs",
      ({ pathMs }) => `${pathMs.whole.tasks}/${pathMs.whole.cellPairs}`,
      "tasks and pairs of cells that both arms have",
    ),
    right(
      "to first byte",
      (row) => shown(row, firstText(row, row.pathMs.firstByte)),
      "until the answer's head; none where the arm asks the engine at another endpoint than raw",
    ),
    right(
      "to first token",
      (row) => shown(row, firstText(row, row.pathMs.firstToken)),
      "none where a gateway sends all tokens at the end, or asks the engine at another endpoint than raw",
    ),
    right(
      "whole request",
      (row) => shown(row, differenceText(row.pathMs.whole.difference)),
      "until the end of the body",
    ),
    left(
      "finding",
      (row) => shown(row, findingText(row.pathMs.whole, pathWords)),
      "on the whole request: against the declared margin, or slower, faster, cannot tell",
    ),
  ],
};

/** The text of a cell, but for an arm that is not compared: a dash or "too few" would say that it was tried. */
export function shown({ refused }: Pick<Overhead, "refused">, text: string): string {
  if (refused === null) return text;
  return refused.startsWith(notComparable) ? notComparable : "not stated";
}

const notComparable = "not comparable";

function firstText({ firstTokenRefused }: Overhead, { difference }: Difference): string {
  return firstTokenRefused === undefined ? differenceText(difference) : notComparable;
}

export function pathTable(overheads: readonly Overhead[], floors: readonly Floor[] = []): Table {
  return filled(path, overheads, [
    ...refusals(overheads),
    ...driftNote(overheads),
    ...floors.map(floorText),
    ...placed(overheads).flatMap(({ load, arm, baseline, pathMs, refused }) =>
      refused !== null || pathMs.whole.armMean === null
        ? []
        : [
            `${load} ${arm}: mean ${numberText(pathMs.whole.armMean)} ms between the taps, ${baseline} ${numberText(pathMs.whole.baselineMean)} ms`,
          ],
    ),
    ...placed(overheads).flatMap(({ load, arm, firstTokenRefused }) =>
      firstTokenRefused === undefined
        ? []
        : [`${load} ${arm}: first byte and first token not comparable: ${firstTokenRefused}`],
    ),
    ...placed(overheads).flatMap(({ load, arm, armPath }) =>
      armPath.streaming === "simulated"
        ? [`${load} ${arm}: TTFT not comparable: its tokens reach the agent all at once, at the end`]
        : [],
    ),
    ...placed(overheads).flatMap(({ load, arm, armPath, baselinePath }) =>
      armPath.joined > 0 || armPath.meanMs === null
        ? []
        : [
            `${load} ${arm}: no request could be joined; in the mean ${numberText(armPath.meanMs)} ms between the taps, raw ${numberText(baselinePath.meanMs)} ms`,
          ],
    ),
    ...placed(overheads).flatMap(({ load, arm, armPath }) =>
      armPath.unmatched + armPath.retried === 0
        ? []
        : [`${load} ${arm}: ${armPath.unmatched} requests unmatched, ${armPath.retried} sent more than once`],
    ),
  ]);
}

/** With the load as it is named beside variants. */
function placed(overheads: readonly Overhead[]): readonly Overhead[] {
  return overheads.map((overhead) => ({ ...overhead, load: placeOf(overhead) }));
}

/** The baseline against itself: what the column shows where there is nothing to find. */
function floorText({ arm, pairs, refused, pathMs, ...floor }: Floor): string {
  const cells = pairs.map(({ earlier, later }) => `${later} - ${earlier}`).join(", ");
  const found = refused === null ? differenceText(pathMs.whole.difference) : `not stated: ${refused}`;
  return `${placeOf(floor)} floor (A/A): ${arm} against itself, whole request: ${found} (${cells})`;
}

/** Said where it matters most: an interval over tasks looks sure of itself and knows one moment of the machine. */
export function driftNote(overheads: readonly Overhead[]): string[] {
  const few = overheads.some(({ pathMs, refused }) => refused === null && pathMs.whole.unit === "tasks");
  return few
    ? [
        `Intervals are over tasks within fewer than ${minimumCellPairs} pairs of cells (tasks/pairs): drift from cell to cell is not in them. sweep.repetitions: ${minimumCellPairs} or more puts it in.`,
      ]
    : [];
}

function refusals(overheads: readonly Overhead[]): string[] {
  return placed(overheads).flatMap(({ load, arm, refused }) =>
    refused === null
      ? []
      : [`${load} ${arm}: ${refused.startsWith(notComparable) ? "" : "no overhead: "}${refused}`],
  );
}
