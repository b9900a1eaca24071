import type { CellSummary } from "../../analysis/cell/cell-summary.ts";
import type { Estimate } from "../../analysis/estimates/estimate.ts";
import { spoiling } from "../../analysis/cell/verdict.ts";
import { absent, numberText } from "../tables/number-text.ts";
import { oneCoverage, type CoverageSpan } from "./coverage-span.ts";
import { blank, line, type Part } from "./layout.ts";
import { wayOf } from "../../store/place.ts";
import type { SloReport } from "../../analysis/slo/slo-report.ts";
import { sloLines, sloSpan } from "./slo-parts.ts";
import { loadHead, loadName, shownLoads } from "./load-name.ts";
import { plain, toned, type StyledText } from "./styled-text.ts";

interface Quantity {
  readonly head: string;
  readonly of: (cell: CellSummary) => Estimate;
}

const quantities: readonly Quantity[] = [
  { head: "TTFT p50", of: ({ ttftMs }) => ttftMs.p50 },
  { head: "p95 ms", of: ({ ttftMs }) => ttftMs.p95 },
  { head: "ITL p50 ms", of: ({ itlMs }) => itlMs.p50 },
  { head: "E2E p50 ms", of: ({ e2eMs }) => e2eMs.p50 },
  { head: "out tok/s", of: ({ rates }) => rates.outputTokensPerSecond },
  { head: "ep/min", of: ({ rates }) => rates.episodesPerMinute },
];
/** Left out one after the other where a terminal is too narrow: p95, ITL, then what passed, which the rewards say too. */
const optional = [3, 4, 8];
/** What passed is of; gone with it. */
const coverageAt = 9;
/** Where limits are marked, the pace of episodes says more. */
const outputRate = 6;

const loadsBeside = 2;
const rowsMax = 8;

/** How fast each way to the engine was, at each load; cells that cannot be used have no numbers. */
export function serviceParts(cells: readonly CellSummary[], slo?: SloReport): readonly Part[] {
  const arms = [...new Set(cells.map(wayOf))];
  const all = [...new Set(cells.map(({ load }) => load))];
  const beside = all.length <= loadsBeside;
  const loads = beside ? all : shownLoads(all, Math.max(2, Math.floor(rowsMax / arms.length)));
  const groups = arms.flatMap((arm) =>
    (beside ? [loads] : loads.map((load) => [load])).map((members) => ({
      arm,
      cells: members.map((load) => cells.filter((cell) => wayOf(cell) === arm && cell.load === load)),
      loads: members,
    })),
  );
  const coverage = oneCoverage(groups.map(({ cells: byLoad }) => coverageOf(byLoad.flat())));
  const rows = groups.map(({ arm, loads: members, cells: byLoad }, at): readonly StyledText[] => [
    plain(`  ${arm}`),
    plain(members.map(loadName).join(" / ")),
    ...quantities.map(({ of }) => plain(byLoad.map((same) => meanText(same, of)).join(" / "))),
    passedSpan(byLoad.flat()),
    ...(coverage.column === null ? [] : [plain(coverage.column[at] ?? absent)]),
    ...(slo === undefined ? [] : [sloSpan(byLoad, slo)]),
  ]);
  const heads = [
    loadHead(loads),
    ...quantities.map(({ head }) => head),
    "passed",
    ...(coverage.column === null ? [] : ["coverage"]),
    ...(slo ? ["SLO"] : []),
  ];
  return [
    {
      kind: "grid",
      align: ["left", "left", ...heads.slice(1).map(() => "right" as const)],
      rows: [[toned("strong", "Service"), ...heads.map((text) => toned("soft", text))], ...rows],
      optional: [
        ...optional,
        ...(coverage.column === null ? [] : [coverageAt]),
        ...(slo === undefined ? [] : [outputRate]),
      ],
    },
    ...(coverage.beside.length === 0 ? [] : [line([plain("  passed"), ...coverage.beside])]),
    ...(loads.length < all.length
      ? [line([toned("soft", `  ${all.length - loads.length} more loads: see the tables`)])]
      : []),
    ...(slo === undefined ? [] : sloLines(slo)),
    blank,
  ];
}

/** Mean over the repetitions of a cell that can be used. */
function meanText(cells: readonly CellSummary[], of: Quantity["of"]): string {
  const values = cells.flatMap((cell) => (isSpoiled(cell) ? [] : (of(cell).value ?? [])));
  if (values.length === 0) return absent;
  return numberText(values.reduce((sum, value) => sum + value, 0) / values.length);
}

/** Times of these would look like times of the others: who fails is fast, and who is asked something else answers something else. */
function isSpoiled({ reasons }: CellSummary): boolean {
  return reasons.some(({ verdict }) => spoiling.has(verdict));
}

/** The least of these cells, which is as far as all of them go. */
function coverageOf(cells: readonly CellSummary[]): CoverageSpan {
  const known = cells.flatMap(({ coverage }) => coverage ?? []);
  return known.toSorted((a, b) => a.scored - b.scored)[0]?.text;
}

function passedSpan(cells: readonly CellSummary[]): StyledText {
  const sum = (of: (cell: CellSummary) => number) => cells.reduce((total, cell) => total + of(cell), 0);
  const [passed, judged] = [sum(({ episodes }) => episodes.passed), sum(({ episodes }) => episodes.judged)];
  return judged === 0 ? plain(absent) : plain(`${passed}/${judged}`);
}
