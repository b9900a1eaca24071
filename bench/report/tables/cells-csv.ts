import type { ReportModel } from "../model/report-model.ts";
import { cellMetrics, type Value } from "./cell-metrics.ts";
import { ledgerValues } from "./ledger-tables.ts";

/** `cells.csv`: a row per cell; units are in the names, empty means not known. */
export function cellRows({
  cells,
  ledgers,
}: Pick<ReportModel, "cells" | "ledgers">): readonly Readonly<Record<string, Value>>[] {
  const byCell = new Map(ledgers.map((ledger) => [ledger.cellId, ledger]));
  return cells.map((cell) => {
    const ledger = byCell.get(cell.cellId);
    const values = cellMetrics.flatMap((metric) => Object.entries(metric.values(cell)));
    return { ...Object.fromEntries(values), ...(ledger && ledgerValues(ledger)) };
  });
}
