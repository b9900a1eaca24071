import { readComparedCell, type ComparedCell } from "../measured-cell.ts";
import { placeOf } from "../../store/place.ts";
import { readJudgedRun, type JudgedRun } from "../../store/judgements.ts";
import { changesOf, type Change } from "./change.ts";
import { pairedCoverage } from "../estimates/coverage.ts";
import { scoreCautions } from "./cautions.ts";
import { manifestChanges, type FieldChange } from "./manifest.ts";
import { isScoreQuantity, quantities, scoreQuantities } from "./quantities.ts";
import {
  judgeThreshold,
  seenChange,
  type SeenChange,
  type Threshold,
  type ThresholdStatus,
} from "./threshold.ts";

/** A quantity at one arm, load and variant, in two runs. */
export interface ComparedQuantity extends Change {
  readonly arm: string;
  readonly load: string;
  /** Absent where the runs have no variants. */
  readonly variant?: string | undefined;
  readonly quantity: string;
  readonly unit: string;
  /** Of what is a score: how much of the workload's data both runs have a pair of, `5/164, partial`; absent where no run says what the whole is. */
  readonly coverage?: string;
  /** Change as a share of the first run's value; null when that is 0 or not known. */
  readonly relative: {
    readonly value: number;
    readonly low: number | null;
    readonly high: number | null;
  } | null;
}

export interface JudgedThreshold {
  readonly expression: string;
  readonly arm: string;
  readonly load: string;
  readonly variant?: string | undefined;
  readonly status: ThresholdStatus;
  /** The change that was seen, in the unit of the expression; null where none could be stated. */
  readonly seen: SeenChange | null;
  /** Of what was judged, where it is a score. */
  readonly coverage?: string;
}

export interface RunComparison {
  readonly v: 1;
  readonly before: RunName;
  readonly after: RunName;
  /** Fields of `run.json` that are not the same, those that make the runs unlike first. */
  readonly changes: readonly FieldChange[];
  /** Why scores of the two may not be the same measure, or not of the same tasks; empty where nothing says so. */
  readonly cautions: readonly string[];
  /** Verdicts of the compared cells that are not valid. */
  readonly verdicts: readonly { readonly run: string; readonly cellId: string; readonly verdict: string }[];
  /** Arms, loads and variants that only one of the runs has. */
  readonly unpaired: readonly string[];
  readonly quantities: readonly ComparedQuantity[];
  readonly thresholds: readonly JudgedThreshold[];
}

interface RunName {
  readonly runId: string;
  readonly directory: string;
  readonly simulated: boolean;
}

/** Cells with one of these say nothing about speed; a threshold on them is not kept. */
const usable: ReadonlySet<string> = new Set(["valid", "client-limited"]);

/** Both runs read whole. Throws RunUnreadableError when one is no run or is damaged. */
export async function compareRuns(
  directories: { readonly before: string; readonly after: string },
  thresholds: readonly Threshold[],
): Promise<RunComparison> {
  const [before, after] = [await readCells(directories.before), await readCells(directories.after)];
  const [a, b] = [grouped(before.cells), grouped(after.cells)];
  const compared = [...a.keys()].filter((key) => b.has(key));
  const changes = manifestChanges(before.run.identity, after.run.identity);
  const sides = [before.run.identity, after.run.identity];
  const measured = [...quantities, ...scoreQuantities(before.run.identity.scores, after.run.identity.scores)];
  const found = compared.flatMap((key) => {
    const cells = { before: a.get(key) ?? [], after: b.get(key) ?? [] };
    const [first] = cells.before;
    if (first === undefined) return [];
    const { arm, load, variant } = first.summary;
    const place = { arm, load, ...(variant !== undefined && { variant }) };
    const sound = [...cells.before, ...cells.after].every(({ summary }) => usable.has(summary.verdict));
    return [...changesOf(measured, cells)].map(([{ name, unit }, change]) => {
      const coverage = isScore(name) ? pairedCoverage(sides, change.units) : null;
      const row = { ...place, quantity: name, unit, ...(coverage !== null && { coverage }), ...change };
      return { sound, row: { ...row, relative: relativeOf(change) } };
    });
  });
  return {
    v: 1,
    before: nameOf(before.run),
    after: nameOf(after.run),
    changes,
    cautions: scoreCautions(sideOf(before), sideOf(after), changes),
    verdicts: [before, after].flatMap(({ run, cells }) => verdictsOf(run, cells)),
    unpaired: [...new Set([...a.keys(), ...b.keys()])].filter((key) => !a.has(key) || !b.has(key)),
    quantities: found.map(({ row }) => row),
    thresholds: thresholds.flatMap((threshold) =>
      found
        .filter(({ row }) => row.quantity === threshold.quantity)
        .map(({ row, sound }) => ({
          expression: threshold.text,
          arm: row.arm,
          load: row.load,
          ...(row.variant !== undefined && { variant: row.variant }),
          status: sound ? judgeThreshold(threshold, row) : "cannot-tell",
          seen: seenChange(threshold, row),
          ...(row.coverage !== undefined && { coverage: row.coverage }),
        })),
    ),
  };
}

function isScore(quantity: string): boolean {
  return quantity === "reward" || isScoreQuantity(quantity);
}

interface ReadCells {
  readonly run: JudgedRun;
  readonly cells: readonly ComparedCell[];
}

async function readCells(directory: string): Promise<ReadCells> {
  const run = await readJudgedRun(directory);
  const cells: ComparedCell[] = [];
  for (const { cellId } of run.identity.cells) cells.push(await readComparedCell(run, cellId));
  return { run, cells };
}

function sideOf({ run, cells }: ReadCells) {
  const tasks = cells.flatMap(({ episodes }) => episodes.map(({ domain, taskId }) => `${domain}/${taskId}`));
  return { identity: run.identity, tasks: new Set(tasks) };
}

function nameOf({ identity, directory }: JudgedRun): RunName {
  return { runId: identity.runId, directory, simulated: identity.simulated };
}

function grouped(cells: readonly ComparedCell[]): ReadonlyMap<string, readonly ComparedCell[]> {
  return Map.groupBy(cells, ({ summary }) => `${summary.arm} at ${placeOf(summary)}`);
}

function verdictsOf({ identity }: JudgedRun, cells: readonly ComparedCell[]) {
  return cells.flatMap(({ summary: { cellId, verdict } }) =>
    verdict === "valid" ? [] : [{ run: identity.runId, cellId, verdict }],
  );
}

function relativeOf({ before, difference }: Change): ComparedQuantity["relative"] {
  if (difference === null || before === null || before === 0) return null;
  const share = (value: number | null) => (value === null ? null : value / Math.abs(before));
  return {
    value: difference.value / Math.abs(before),
    low: share(difference.low),
    high: share(difference.high),
  };
}
