import type { Estimate } from "../../analysis/estimates/estimate.ts";
import type { CellSummary } from "../../analysis/cell/cell-summary.ts";
import type { ReportModel } from "../../report/model/report-model.ts";

/** One measured number of one cell. */
export interface Figure {
  readonly benchmark: string;
  readonly model: string;
  readonly cell: string;
  /** Absent where the run has no variants. */
  readonly variant: string | null;
  readonly arm: string;
  readonly load: string;
  readonly metric: string;
  readonly unit: string;
  readonly value: number | null;
  readonly low: number | null;
  readonly high: number | null;
  readonly median: number | null;
  readonly count: number;
  /** Of scores: `5/164, partial`. */
  readonly coverage: string | null;
  readonly verdict: string;
  readonly simulated: boolean;
}

export interface MeasuredOf {
  readonly benchmark: string;
  readonly model: string;
}

type Measured = Pick<Figure, "metric" | "unit" | "median" | "coverage"> & { readonly of: Estimate };

/** Every figure of the summary, cell by cell: scores first, then what serving them cost. Pure. */
export function figuresOf(report: ReportModel, { benchmark, model }: MeasuredOf): readonly Figure[] {
  return report.cells.flatMap((cell) =>
    [...scoresOf(report, cell), ...servedOf(cell)].map(({ of, ...measured }): Figure => ({
      benchmark,
      model,
      cell: cell.cellId,
      variant: cell.variant ?? null,
      arm: cell.arm,
      load: cell.load,
      ...measured,
      value: of.value,
      low: of.low,
      high: of.high,
      count: of.count,
      verdict: cell.verdict,
      simulated: cell.simulated,
    })),
  );
}

function scoresOf({ passAtK, scores }: ReportModel, cell: CellSummary): readonly Measured[] {
  const whole = cell.coverage?.text ?? null;
  const sampled = passAtK?.cells.find(({ cellId }) => cellId === cell.cellId)?.rows ?? [];
  const row = scores?.cells.find(({ cellId }) => cellId === cell.cellId)?.rows[0];
  return [
    { metric: "pass rate", unit: "share", of: cell.passRate, median: null, coverage: whole },
    ...sampled.map(({ k, mean, median, coverage }): Measured => ({
      metric: `pass@${k}`,
      unit: "share",
      of: mean,
      median,
      coverage: coverage ?? whole,
    })),
    ...(scores?.names ?? []).flatMap(({ name, heading }, at): readonly Measured[] => {
      const of = row?.scores[name];
      // A reward that only says whether a task passed stands there already, with an interval over problems.
      return of === undefined || (at === 0 && of.value === cell.passRate.value)
        ? []
        : [{ metric: `score ${heading}`, unit: "share", of, median: null, coverage: whole }];
    }),
  ];
}

function servedOf({ ttftMs, e2eMs, rates }: CellSummary): readonly Measured[] {
  const none = { median: null, coverage: null };
  return [
    { metric: "TTFT p50", unit: "ms", of: ttftMs.p50, ...none },
    { metric: "E2E p50", unit: "ms", of: e2eMs.p50, ...none },
    { metric: "output tokens", unit: "tok/s", of: rates.outputTokensPerSecond, ...none },
    { metric: "episodes", unit: "/min", of: rates.episodesPerMinute, ...none },
  ];
}
