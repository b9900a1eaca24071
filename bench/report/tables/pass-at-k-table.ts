import type { PassAtKReport } from "../../analysis/scores/pass-at-k-report.ts";
import { absent, estimateText, numberText, percentText } from "./number-text.ts";
import { filled, left, right, type Table, type TableOf } from "./table.ts";

interface ShownRow {
  readonly cell: PassAtKReport["cells"][number];
  readonly row: PassAtKReport["cells"][number]["rows"][number];
}

export const passAtKColumns: TableOf<ShownRow> = {
  title: "pass@k",
  columns: [
    left("cell", ({ cell }) => cell.cellId),
    right("k", ({ row }) => String(row.k)),
    right(
      "pass@k",
      ({ row }) => estimateText(row.mean, percentText),
      "chance that at least one of k samples of a problem passes, 1 - C(n - c, k) / C(n, k) for each problem with c of n samples passed, mean over problems, with its 95 % interval over problems",
    ),
    right("median", ({ row }) => percentText(row.median), "of the same over problems"),
    right("problems", ({ row }) => String(row.mean.count), "with at least k judged samples"),
    left(
      "coverage",
      ({ row }) => row.coverage ?? "",
      "these problems of all that the workload's data has; partial: pass@k is of a part",
    ),
    right(
      "too few\nsamples",
      ({ row }) => (row.tooFewSamples === 0 ? absent : String(row.tooFewSamples)),
      "problems with fewer than k judged samples, which are in no mean",
    ),
    right(
      "s to\nsolution",
      ({ cell: { secondsToSolution: seconds } }) => numberText(seconds.median),
      "from the request to the end of the answer of a sample that passed: the median of each problem that has one, and of these the median",
    ),
    right(
      "mean s to\nsolution",
      ({ cell: { secondsToSolution: seconds } }) => estimateText(seconds.mean),
      "of the same over problems, with its 95 % interval",
    ),
  ],
};

export function passAtKTable({ cells }: PassAtKReport): Table {
  const rows = cells.flatMap((cell) => cell.rows.map((row) => ({ cell, row })));
  const methods = [...new Set(rows.flatMap(({ row }) => row.method ?? []))];
  const left = cells.flatMap(({ cellId, failing }) =>
    failing ? [`${cellId}: failing: who is left over is no sample of its problems, so it has no pass@k`] : [],
  );
  const known = rows.some(({ row }) => row.coverage !== undefined);
  const columns = passAtKColumns.columns.filter(({ head }) => known || head !== "coverage");
  return filled({ ...passAtKColumns, columns }, rows, [
    ...(methods.length === 0 ? [] : [`Intervals of pass@k: ${methods.join("; ")}.`]),
    ...left,
  ]);
}
