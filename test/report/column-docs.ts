import { quantities } from "../../bench/analysis/compare/quantities.ts";
import { thresholdGrammar } from "../../bench/analysis/compare/threshold.ts";
import * as feedback from "../../bench/feedback/report/feedback-tables.ts";
import { minimumSampleRule } from "../../bench/statistics/distribution.ts";
import { markdownTable } from "../../bench/report/formats/markdown.ts";
import { capacities, capacityLoads } from "../../bench/report/tables/capacity-table.ts";
import { cellMetrics, speed } from "../../bench/report/tables/cell-metrics.ts";
import { latencies, outcomes, sessions } from "../../bench/report/tables/cell-tables.ts";
import {
  changedFields,
  changedQuantities,
  judgedThresholds,
} from "../../bench/report/tables/comparison-document.ts";
import { definitions } from "../../bench/report/tables/definitions.ts";
import { engineLatency } from "../../bench/report/tables/engine-latency-table.ts";
import { failures } from "../../bench/report/tables/failure-table.ts";
import { fidelity } from "../../bench/report/tables/fidelity-table.ts";
import { ledgerColumns } from "../../bench/report/tables/ledger-tables.ts";
import { addedByLength, byLength } from "../../bench/report/tables/length-tables.ts";
import { live } from "../../bench/report/tables/live-table.ts";
import { path } from "../../bench/report/tables/path-table.ts";
import { powers } from "../../bench/report/tables/power-table.ts";
import * as replay from "../../bench/report/tables/replay-tables.ts";
import { axisScores } from "../../bench/report/tables/axis-tables.ts";
import { trajectories } from "../../bench/report/tables/run-tables.ts";
import { passAtKColumns } from "../../bench/report/tables/pass-at-k-table.ts";
import { scores, taskScores } from "../../bench/report/tables/score-tables.ts";
import { variationColumns } from "../../bench/report/tables/variation-table.ts";
import { sloCells } from "../../bench/report/tables/slo-table.ts";
import { variantQuantities } from "../../bench/report/tables/variant-table.ts";
import { left, type Column } from "../../bench/report/tables/table.ts";

/** A declared table of any row, as far as documents need it. */
interface Declared {
  readonly title: string;
  readonly columns: readonly (Column & { readonly meaning?: string | undefined })[];
}

const groups: readonly (readonly [heading: string, tables: readonly Declared[]])[] = [
  [
    "The report of a sweep",
    [
      failures,
      capacities,
      capacityLoads,
      variantQuantities,
      passAtKColumns,
      scores,
      taskScores,
      axisScores,
      byLength,
      addedByLength,
      speed,
      variationColumns,
      sloCells,
      latencies,
      powers,
      engineLatency,
      outcomes,
      fidelity,
      sessions,
      path,
      live,
      ledgerColumns,
      trajectories,
    ],
  ],
  [
    "The report of a replay",
    [replay.overhead, replay.percentiles, replay.split, replay.inLine, replay.sizes, replay.arms],
  ],
  [
    "The report of a run of the preference loop",
    [feedback.outcomes, feedback.serving, feedback.servingDifferences, feedback.training, feedback.steps],
  ],
  ["`tollgate compare A B`", [changedFields, changedQuantities, judgedThresholds]],
];

/** docs/columns.md: every column that its head does not explain, from the declarations that fill the tables. Pure. */
export function columnDocs(): string {
  return [
    "# What the columns mean",
    "<!-- Written from the declarations in bench/report/tables. After a change there: npx vitest run test/report/column-docs.test.ts -u -->",
    `A number that is not known is \`-\`, never 0. "n too small": ${minimumSampleRule}.`,
    section(
      "Words",
      ["word", "meaning"],
      definitions.map(({ term, meaning }) => [term, meaning]),
    ),
    ...groups.flatMap(([heading, tables]) => [`## ${heading}`, ...tables.map(tableSection)]),
    section(
      "`cells.csv` of a sweep",
      ["column", "meaning"],
      cellMetrics.map(({ name, suffixes, meaning }) => {
        const names = suffixes.length === 0 ? [name] : suffixes.map((suffix) => `${name}${suffix}`);
        return [names.map((column) => `\`${column}\``).join(", "), meaning];
      }),
    ),
    "`ledger_*_seconds` are the parts of the time of an episode, mean seconds; they add up to `ledger_length_seconds`. Where a workload names its scores, `score_NAME` is the mean of each in the cell, from 0 to 1, with `_low` and `_high`, and `tokens_per_passed` and `seconds_per_passed` stand beside them. `cells.csv` of a replay has a row per setting, arm, metric and statistic; its columns are those of the replay's tables.",
    section(
      "Quantities of `--fail-on`",
      ["quantity", "unit", "meaning"],
      quantities.map(({ name, unit, meaning }) => [`\`${name}\``, unit, meaning]),
    ),
    `\`\`\`text\n${thresholdGrammar.split("\nQuantities:")[0]}\n\`\`\``,
  ]
    .join("\n\n")
    .concat("\n");
}

function tableSection({ title, columns }: Declared): string {
  const rows = columns.flatMap(({ head, meaning }) =>
    meaning === undefined
      ? []
      : [[head.replace("-\n", "").replace("\n/", "/").replaceAll("\n", " "), meaning]],
  );
  return `#${section(title, ["column", "meaning"], rows)}`;
}

function section(title: string, heads: readonly string[], rows: readonly (readonly string[])[]): string {
  return markdownTable({ title, columns: heads.map((head) => left(head)), rows, notes: [] });
}
