import type { PassAtKReport } from "../../analysis/scores/pass-at-k-report.ts";
import { wayOf } from "../../store/place.ts";
import { scoreText } from "../tables/score-tables.ts";
import { oneCoverage, type CoverageSpan } from "./coverage-span.ts";
import { blank, line, type Part } from "./layout.ts";
import { loadName } from "./load-name.ts";
import { plain, toned } from "./styled-text.ts";

const cellsMax = 6;

/** The chance that one of k samples passes, a row for each cell. None where nobody asks for it. */
export function passAtKParts(report: PassAtKReport | undefined): readonly Part[] {
  if (report === undefined) return [];
  const shown = report.cells.slice(0, cellsMax);
  const { beside, column } = oneCoverage(shown.map(({ rows }) => leastCoverage(rows)));
  const heads = ["", "load", ...report.ks.map((k) => `pass@${k}`), ...(column === null ? [] : ["coverage"])];
  const rows = shown.map((cell, at) => [
    `  ${wayOf(cell)}`,
    loadName(cell.load),
    ...report.ks.map((k) => scoreText(cell.rows.find((row) => row.k === k)?.mean, 100)),
    ...(column === null ? [] : [column[at] ?? ""]),
  ]);
  return [
    line([toned("strong", "pass@k"), plain(", %"), ...beside, plain(" (95 % interval over problems)")]),
    {
      kind: "grid",
      align: heads.map((_, at) => (at < 2 ? "left" : "right")),
      rows: [heads.map((text) => toned("soft", text)), ...rows.map((row) => row.map((text) => plain(text)))],
      optional: [1],
    },
    ...(report.cells.length > shown.length
      ? [line([toned("soft", `  ${report.cells.length - shown.length} more cells: see the tables`)])]
      : []),
    blank,
  ];
}

/** With larger k there may be fewer problems that have samples enough. */
function leastCoverage(rows: PassAtKReport["cells"][number]["rows"]): CoverageSpan | undefined {
  const [least] = rows.toSorted((a, b) => a.mean.count - b.mean.count);
  return least?.coverage;
}
