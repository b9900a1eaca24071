import type { RunJson } from "../../store/run-json.ts";
import type { SeenCell } from "../evidence/cell-evidence.ts";
import { passedOf } from "../evidence/run-facts.ts";
import { bootstrapped } from "../numbers/draws.ts";
import { mean, wilson } from "../numbers/samples.ts";
import { taskOf } from "./cell.ts";
import { partOf } from "./coverage.ts";
import { NotCovered, type Expected } from "./figure.ts";

interface Problem {
  readonly group: string;
  readonly task: string;
  readonly samples: number;
  readonly passes: number;
  readonly seconds: number | null;
}

/** pass@k of every cell: over problems the mean, the median and the interval; undefined where no k is asked for. */
export function passAtKFigures(
  { passAtK: ks, coverage }: RunJson,
  cells: readonly SeenCell[],
): Expected | undefined {
  if (ks === undefined || ks.length === 0) return undefined;
  return { ks, cells: cells.map((cell) => cellFigures(ks, cell, coverage?.total ?? null)) };
}

function cellFigures(ks: readonly number[], cell: SeenCell, total: number | null): Expected {
  const { cellId, arm, load } = cell.facts.planned;
  const problems = cell.failing ? [] : problemsOf(cell);
  const seconds = problems.flatMap((problem) => problem.seconds ?? []);
  const known = (problem: Problem) => ks.filter((k) => k <= problem.samples);
  return {
    cellId,
    arm,
    load,
    failing: cell.failing,
    rows: ks.map((k) => rowOf(k, problems, total)),
    secondsToSolution: {
      mean: { value: mean(seconds), count: seconds.length, ...bootstrapped(placed(seconds), "mean") },
      median: middle(seconds),
    },
    problems: problems.map((problem) => ({
      group: problem.group,
      task: problem.task,
      samples: problem.samples,
      passes: problem.passes,
      passAtK: Object.fromEntries(known(problem).map((k) => [String(k), chance(problem, k)])),
      secondsToSolution: problem.seconds,
    })),
  };
}

function problemsOf({ facts, outer }: SeenCell): readonly Problem[] {
  const times = Map.groupBy(
    outer.filter((request) => request.answered),
    ({ episodeId }) => episodeId,
  );
  const problems = [...Map.groupBy(facts.episodes, taskOf).values()].map((members) => {
    const judged = members.filter((episode) => passedOf(episode) !== null);
    const passed = judged.filter((episode) => passedOf(episode) === true);
    const seconds = passed.flatMap(({ episodeId }) =>
      (times.get(episodeId) ?? []).map(({ e2eMs }) => e2eMs / 1000),
    );
    const { domain = "", taskId = "" } = members[0] ?? {};
    return {
      group: domain,
      task: taskId,
      samples: judged.length,
      passes: passed.length,
      seconds: middle(seconds),
    };
  });
  // The draws of the bootstrap go by the order in which a report lists problems: by the number at the end of their names.
  const number = ({ task }: Problem) => Number(/(\d+)$/.exec(task)?.[1] ?? 0);
  const byText = (a: string, b: string) => (a < b ? -1 : Number(a > b));
  return problems.sort((a, b) => number(a) - number(b) || byText(a.group, b.group) || byText(a.task, b.task));
}

/** Of all ways to draw k samples, the share in which one of them passed: one less the chance that each drawn one failed. */
function chance({ samples, passes }: Problem, k: number): number {
  let allFail = 1;
  for (let drawn = 0; drawn < k; drawn += 1)
    allFail *= Math.max(0, samples - passes - drawn) / (samples - drawn);
  return 1 - allFail;
}

function rowOf(k: number, problems: readonly Problem[], total: number | null): Expected {
  const values = problems.filter(({ samples }) => samples >= k).map((problem) => chance(problem, k));
  const value = mean(values);
  const drawn = new Set(values).size < 2 ? { low: null, high: null } : bootstrapped(placed(values), "mean");
  const { low, high } =
    value === null ? drawn : drawn.low === null ? wilson(Math.min(1, value), values.length) : drawn;
  return {
    k,
    mean: {
      value: value === null ? null : Math.min(1, value),
      count: values.length,
      low: low === null ? null : Math.max(0, low),
      high: high === null ? null : Math.min(1, high),
    },
    median: middle(values),
    method: new NotCovered("words"),
    tooFewSamples: problems.length - values.length,
    ...(total !== null && { coverage: partOf(Math.min(values.length, total), total) }),
  };
}

function placed(values: readonly number[]) {
  return values.map((value, index) => ({ value, unit: String(index) }));
}

/** The median of however many there are. */
function middle(values: readonly number[]): number | null {
  const sorted = [...values].sort((a, b) => a - b);
  const [below, above] = [sorted[(sorted.length - 1) >> 1], sorted[sorted.length >> 1]];
  return below === undefined || above === undefined ? null : (below + above) / 2;
}
