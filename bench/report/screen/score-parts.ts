import { placeOf, wayOf } from "../../store/place.ts";
import type { ScoreReport } from "../../analysis/scores/score-report.ts";
import { absent, numberText } from "../tables/number-text.ts";
import { scoreText } from "../tables/score-tables.ts";
import { oneCoverage } from "./coverage-span.ts";
import { blank, line, type Part } from "./layout.ts";
import { loadName } from "./load-name.ts";
import { plain, toned } from "./styled-text.ts";

const [cellsMax, groupsMax] = [6, 8];

/** What the tasks were worth in each cell, and what a passed one cost; then the reward by group of tasks. */
export function scoreParts(report: ScoreReport | undefined): readonly Part[] {
  if (report === undefined) return [];
  const shown = report.cells.slice(0, cellsMax);
  const coverage = oneCoverage(shown.map((cell) => cell.coverage?.text));
  return [
    line([
      toned("strong", `Scores of ${report.outOf}`),
      ...coverage.beside,
      plain(" (95 % over trials), with what a pass cost"),
    ]),
    cellGrid(report, shown, coverage.column),
    ...groupParts(report, shown),
    ...(report.cells.length > shown.length
      ? [line([toned("soft", `  ${report.cells.length - shown.length} more cells: see the tables`)])]
      : []),
    blank,
  ];
}

type Cells = ScoreReport["cells"];

/** @param coverages a text for each cell; null where it stands above */
function cellGrid({ names, outOf }: ScoreReport, cells: Cells, coverages: readonly string[] | null): Part {
  const heads = [
    "",
    "load",
    ...names.map(({ heading }) => heading),
    "passed",
    ...(coverages === null ? [] : ["coverage"]),
    "TTFT ms",
    "tok/pass",
    "s/pass",
  ];
  const rows = cells.flatMap(({ load, rows: [all], ...cell }, index) =>
    all === undefined
      ? []
      : [
          [
            `  ${wayOf(cell)}`,
            loadName(load),
            ...names.map(({ name }, at) => {
              const score = all.scores[name];
              return at === 0 || score === undefined
                ? scoreText(score, outOf)
                : scoreText({ ...score, low: null, high: null }, outOf);
            }),
            all.judged === 0 ? absent : `${all.passed}/${all.judged}`,
            ...(coverages === null ? [] : [coverages[index] ?? absent]),
            numberText(all.ttftMsP50),
            numberText(all.tokensPerPassed),
            numberText(all.secondsPerPassed),
          ].map((text) => plain(text)),
        ],
  );
  return {
    kind: "grid",
    align: heads.map((_, at) => (at < 2 ? "left" : "right")),
    rows: [heads.map((text) => toned("soft", text)), ...rows],
    // The time to the first token stands above, too.
    optional: [heads.length - 3, 1, heads.length - 1],
  };
}

/** Groups, the worst of the first cell first. */
function groupParts({ names, outOf }: ScoreReport, cells: Cells): readonly Part[] {
  const reward = names[0]?.name ?? "";
  const groups = (cells[0]?.rows ?? []).flatMap(({ group, task, scores }) =>
    group === null || task !== null ? [] : [{ group, value: scores[reward]?.value ?? Infinity }],
  );
  if (groups.length < 2) return [];
  const worst = groups.toSorted((a, b) => a.value - b.value).slice(0, groupsMax);
  const heads = ["  group, worst first", ...cells.map((cell) => `${cell.arm} ${loadName(placeOf(cell))}`)];
  const rows = worst.map(({ group }) => [
    `  ${group}`,
    ...cells.map(({ rows: own }) =>
      scoreText(own.find((row) => row.group === group && row.task === null)?.scores[reward], outOf),
    ),
  ]);
  return [
    {
      kind: "grid",
      align: heads.map((_, at) => (at === 0 ? "left" : "right")),
      rows: [heads.map((text) => toned("soft", text)), ...rows.map((row) => row.map((text) => plain(text)))],
    },
    ...(groups.length > worst.length
      ? [line([toned("soft", `  ${groups.length - worst.length} more groups: see the tables`)])]
      : []),
  ];
}
