import type { ScoreRow } from "../../analysis/scores/score-report.ts";
import type { ReportModel } from "../model/report-model.ts";
import { cellMetrics, type Value } from "./cell-metrics.ts";
import { ledgerValues } from "./ledger-tables.ts";

/** `cells.csv`: a row per cell; units are in the names, empty means not known. */
export function cellRows({
  cells,
  ledgers,
  scores,
}: Pick<ReportModel, "cells" | "ledgers" | "scores">): readonly Readonly<Record<string, Value>>[] {
  const byCell = new Map(ledgers.map((ledger) => [ledger.cellId, ledger]));
  return cells.map((cell) => {
    const ledger = byCell.get(cell.cellId);
    const values = cellMetrics.flatMap((metric) => Object.entries(metric.values(cell)));
    const scored = scores?.cells.find(({ cellId }) => cellId === cell.cellId)?.rows[0];
    return {
      ...Object.fromEntries(values),
      ...(cell.variant !== undefined && { variant: cell.variant }),
      ...(ledger && ledgerValues(ledger)),
      ...(scored && scoreValues(scored)),
    };
  });
}

/** Scores are shares of 1, whatever tables show them out of. */
function scoreValues({ scores, ...row }: ScoreRow): Readonly<Record<string, Value>> {
  const values = Object.entries(scores).flatMap(([name, { value, low, high }]) => [
    [`score_${name}`, value] as const,
    [`score_${name}_low`, low] as const,
    [`score_${name}_high`, high] as const,
  ]);
  return {
    ...Object.fromEntries(values),
    tokens_per_passed: row.tokensPerPassed,
    seconds_per_passed: row.secondsPerPassed,
  };
}
