import type { SeenCell } from "../evidence/cell-evidence.ts";
import { get, type JsonValue } from "../evidence/json-value.ts";
import { lengthOf } from "./cell.ts";
import { differenceFigures, ofEpisode } from "./differences.ts";
import { NotCovered, type Expected } from "./figure.ts";
import { hopsOf } from "./hops.ts";
import { pathDifferences } from "./overheads.ts";

/** The first raw arm against itself: its second repetition less its first, its fourth less its third. undefined: no two repetitions. */
export function floorFigures(cells: readonly SeenCell[], report: JsonValue): Expected | undefined {
  const rows = get(report, "floors");
  const said = Array.isArray(rows) ? (rows as readonly JsonValue[]) : [];
  const found = [...Map.groupBy(cells, ({ facts }) => facts.planned.variant)].flatMap(([variant, all]) => {
    const arm = all.find(({ facts }) => facts.planned.armKind === "raw")?.facts.planned.arm;
    const own = all.filter(({ facts }) => facts.planned.arm === arm);
    return [...Map.groupBy(own, ({ facts }) => facts.planned.load)].flatMap(([load, repeated]) => {
      const inOrder = [...repeated].sort((a, b) => a.facts.planned.repetition - b.facts.planned.repetition);
      const count = Math.floor(inOrder.length / 2);
      if (arm === undefined || count === 0) return [];
      const place = { load, arm, ...(variant !== undefined && { variant }) };
      const row = said.find((one) =>
        Object.entries({ variant: null, ...place }).every(([name, value]) => get(one, name) === value),
      );
      return [{ ...place, ...floorOf(inOrder.slice(0, 2 * count), row ?? null) }];
    });
  });
  return found.length === 0 ? undefined : found;
}

function floorOf(cells: readonly SeenCell[], row: JsonValue) {
  const side = (rest: number) =>
    cells
      .filter((_, index) => index % 2 === rest)
      .map((cell, repetition) => ({
        ...cell,
        measured: cell.measured.map((episode) => ({ ...episode, repetition })),
      }));
  const named = { earlier: side(0), later: side(1) };
  const refused = get(row, "refused") !== null;
  const { earlier, later } = refused ? { earlier: [], later: [] } : named;
  const seconds = (own: readonly SeenCell[]) =>
    own.flatMap(({ measured }) =>
      measured.flatMap((episode) =>
        episode.status === "failed" ? [] : [ofEpisode(episode, lengthOf(episode))],
      ),
    );
  const hopped = (own: readonly SeenCell[]) => own.map((cell) => ({ cell, hops: hopsOf(cell) }));
  return {
    pairs: named.earlier.map((cell, pair) => ({
      earlier: cell.facts.planned.cellId,
      later: named.later[pair]?.facts.planned.cellId,
    })),
    refused: new NotCovered("words"),
    pathMs: pathDifferences({ baseline: hopped(earlier), arm: hopped(later) }, get(row, "pathMs"), [
      "firstToken",
      "whole",
    ]),
    seconds: differenceFigures(seconds(earlier), seconds(later), true),
  };
}
