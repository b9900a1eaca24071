import { coverageSentence } from "../../analysis/estimates/coverage.ts";
import type { LengthDifference, LengthReport, LengthRow } from "../../analysis/lengths/length-report.ts";
import type { VariantReport } from "../../analysis/variants/variant-report.ts";
import type { ReportModel } from "../../report/model/report-model.ts";
import { placeOf } from "../../store/place.ts";
import { lengthDoubts } from "../../report/tables/length-tables.ts";
import { absent, differenceText, estimateText, percentText } from "../../report/tables/number-text.ts";
import { left, right, type Table } from "../../report/tables/table.ts";
import { decidingQuantities, variantTable } from "../../report/tables/variant-table.ts";

/** A row per length and arm, with what the arm adds; with every doubt that the whole tables have. */
export function shortLengthTable(lengths: LengthReport, coverage: ReportModel["coverage"]): Table {
  const rows = lengths.rows.toSorted((a, b) => a.length - b.length);
  return {
    title: "By prompt length",
    columns: [
      right("prompt tokens"),
      left("load"),
      left("arm"),
      right("passed"),
      right("TTFT p50, ms"),
      right("arm minus raw to the first token, ms"),
    ],
    rows: rows.map((row) => [
      String(row.length),
      placeOf(row),
      row.arm,
      estimateText(row.passed, percentText),
      estimateText(row.ttftMs.p50),
      addedText(lengths.differences.find((one) => isOf(one, row))),
    ]),
    notes: [
      "Arm minus raw: between the taps, of the same request. All columns: BENCHMARKS_DETAILED.md.",
      ...(coverage === undefined ? [] : [coverageSentence(coverage)]),
      ...lengthDoubts(lengths),
    ],
  };
}

function isOf(one: LengthDifference, row: LengthRow): boolean {
  return one.arm === row.arm && one.length === row.length && placeOf(one) === placeOf(row);
}

/** Of the baseline there is nothing to tell. */
function addedText(one: LengthDifference | undefined): string {
  if (one === undefined) return absent;
  if (one.refused !== null) return "not stated";
  return one.firstTokenRefused === undefined
    ? differenceText(one.pathMs.firstToken.difference)
    : "not comparable";
}

/** What a configuration is chosen by: whether it is as good, and what it saves. */
export function shortVariantTable(report: VariantReport): Table {
  return variantTable({
    ...report,
    comparisons: report.comparisons.map((comparison) => ({
      ...comparison,
      quantities: comparison.quantities.filter(({ quantity }) => decidingQuantities.has(quantity)),
    })),
  });
}
