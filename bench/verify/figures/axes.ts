import type { EpisodeRecord } from "../../store/record.ts";
import type { RunJson } from "../../store/run-json.ts";
import type { SeenCell } from "../evidence/cell-evidence.ts";
import { passRateOver, taskOf } from "./cell.ts";
import { coverageFigures } from "./coverage.ts";
import type { Expected } from "./figure.ts";
import { scoredFigures } from "./scores.ts";

type Place = string | number;

/** Pass rates, scores and cost of the tasks at each place of each axis; undefined where no episode has a place. */
export function axisFigures(
  { axes = [], scores, coverage }: RunJson,
  cells: readonly SeenCell[],
): Expected | undefined {
  const names = axes.map(({ name }) => name);
  if (
    !cells.some(({ facts }) =>
      facts.episodes.some((one) => names.some((name) => placeOf(one, name) !== null)),
    )
  )
    return undefined;
  return {
    axes: axes.map(({ name, heading, meaning }) => ({ name, heading, meaning })),
    cells: cells.map((cell) => {
      const { cellId, arm, load } = cell.facts.planned;
      const { episodes } = cell.facts;
      const rows = names.flatMap((axis) =>
        placesOn(axis, episodes).map((value) => {
          const members = episodes.filter((one) => placeOf(one, axis) === value);
          return {
            axis,
            value,
            passRate: passRateOver(members, cell.failing),
            ...scoredFigures(scores ?? null, members, cell),
          };
        }),
      );
      const own = coverageFigures(coverage, episodes);
      return { cellId, arm, load, failing: cell.failing, ...own, rows, grids: gridsOf(names, cell) };
    }),
  };
}

export function placeOf({ axes }: EpisodeRecord, axis: string): Place | null {
  return axes?.[axis] ?? null;
}

/** Numbers in front, by size; words by name. */
function placesOn(axis: string, episodes: readonly EpisodeRecord[]): readonly Place[] {
  const found = [...new Set(episodes.flatMap((one) => placeOf(one, axis) ?? []))];
  const numbers = found.filter((place) => typeof place === "number").sort((a, b) => a - b);
  const words = found.filter((place) => typeof place === "string").sort((a, b) => (a < b ? -1 : 1));
  return [...numbers, ...words];
}

/** For every two axes the tasks that have a number on both. */
function gridsOf(names: readonly string[], { facts, failing }: SeenCell): readonly Expected[] {
  const numberOn = (one: EpisodeRecord, axis: string) => {
    const place = placeOf(one, axis);
    return typeof place === "number" ? place : null;
  };
  const numbersOn = (axis: string) =>
    placesOn(axis, facts.episodes).filter((place) => typeof place === "number");
  return names.flatMap((x, at) =>
    names.slice(at + 1).flatMap((y) => {
      const places = numbersOn(x).flatMap((left) =>
        numbersOn(y).flatMap((right) => {
          const own = facts.episodes.filter((one) => numberOn(one, x) === left && numberOn(one, y) === right);
          if (own.length === 0) return [];
          const tasks = new Set(own.map(taskOf)).size;
          return [{ x: left, y: right, tasks, passRate: passRateOver(own, failing) }];
        }),
      );
      return places.length === 0 ? [] : [{ x, y, places }];
    }),
  );
}
