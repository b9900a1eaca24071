import { coverageSentence } from "../../analysis/estimates/coverage.ts";
import type { ReportModel } from "../../report/model/report-model.ts";
import { simulatedText } from "../../report/model/server-lines.ts";
import { markdownTable } from "../../report/formats/markdown.ts";
import { axisTables } from "../../report/tables/axis-tables.ts";
import { absent, estimateText, numberText, percentText } from "../../report/tables/number-text.ts";
import { passAtKTable } from "../../report/tables/pass-at-k-table.ts";
import { exclusionTable } from "../../report/tables/run-tables.ts";
import { scoreTables } from "../../report/tables/score-tables.ts";
import { left, right, type Table } from "../../report/tables/table.ts";
import { lengthTables } from "../../report/tables/length-tables.ts";
import { variantTable } from "../../report/tables/variant-table.ts";
import type { CellSamples } from "./answered-samples.ts";
import type { Figure, MeasuredOf } from "./figures.ts";
import { methodSection } from "./method.ts";
import { shortLengthTable, shortVariantTable } from "./short-tables.ts";
import type { QuotedFigure } from "./quoted.ts";
import type { RunJson } from "../../store/run-json.ts";
import { errorSections } from "./error-analysis.ts";

export interface BenchmarkPages {
  readonly report: ReportModel;
  readonly identity: RunJson;
  readonly of: MeasuredOf;
  readonly figures: readonly Figure[];
  readonly samples: readonly CellSamples[];
  readonly quoted: readonly QuotedFigure[];
}

/** BENCHMARKS.md: one table of what was measured; what others published stands in one of its own. Pure. */
export function summaryPage({ report, of, figures, quoted }: BenchmarkPages): string {
  return page([
    `# ${plainText(of.benchmark)}: ${plainText(of.model)}`,
    ...facts(report),
    markdownTable(summaryTable(figures)),
    ...(report.variants === undefined ? [] : [markdownTable(shortVariantTable(report.variants))]),
    ...(report.lengths === undefined
      ? []
      : [markdownTable(shortLengthTable(report.lengths, report.coverage))]),
    ...quotedSection(quoted),
    "Method, sampling, seeds, tables by category, failures with examples and limitations: [BENCHMARKS_DETAILED.md](BENCHMARKS_DETAILED.md). Every figure: `benchmarks.csv`, `benchmarks.json`. Computed again from the evidence by other code: `tollgate verify RUN`.",
  ]);
}

/** BENCHMARKS_DETAILED.md. Pure. */
export function detailedPage(pages: BenchmarkPages): string {
  const { report, of, figures, samples, quoted } = pages;
  const scored = report.scores === undefined ? [] : scoreTables(report.scores);
  const byAxis = report.byAxis === undefined ? [] : axisTables(report.byAxis, report.scores);
  const byLength = report.lengths === undefined ? [] : lengthTables(report.lengths, report.coverage);
  const variants = report.variants === undefined ? [] : [variantTable(report.variants)];
  return page([
    `# ${plainText(of.benchmark)}: ${plainText(of.model)}, in detail`,
    ...facts(report),
    markdownTable(summaryTable(figures)),
    methodSection(pages.identity, report),
    ...(report.passAtK === undefined ? [] : [markdownTable(passAtKTable(report.passAtK))]),
    ...[...variants, ...byLength, ...scored, ...byAxis].map(markdownTable),
    markdownTable(exclusionTable(report)),
    ...errorSections(samples),
    ...quotedSection(quoted),
    limitations(report),
  ]);
}

function page(parts: readonly string[]): string {
  return `${parts.join("\n\n")}\n`;
}

/** What no page may leave out, before its first number. */
function facts({ run, coverage, cells }: ReportModel): readonly string[] {
  const simulated = simulatedText(run.simulated, run.engines ?? {});
  const doubtful = cells.filter(({ verdict }) => verdict !== "valid");
  const whole =
    run.state === "complete" ? [] : [`The run is ${run.state}: these are figures of what was finished.`];
  return [
    ...(simulated === null ? [] : [`**${plainText(simulated)}**`]),
    `Run \`${run.runId}\` of ${run.createdAt.slice(0, 10)}, ${run.agent.name} ${run.agent.version}, ${plainText(run.host)}.`,
    ...whole,
    ...(coverage === undefined
      ? []
      : [
          coverage.selected < coverage.total
            ? `**${coverageSentence(coverage)}**`
            : coverageSentence(coverage),
        ]),
    ...doubtful.map(
      ({ cellId, verdict, reasons }) =>
        `Cell ${cellId} is ${verdict}: ${plainText(reasons.map(({ detail }) => detail).join("; "))}`,
    ),
  ];
}

/** A row a cell, a column a metric. */
function summaryTable(figures: readonly Figure[]): Table {
  const metrics = [...new Map(figures.map(({ metric, unit }) => [metric, unit]))];
  const rows = [...Map.groupBy(figures, ({ cell }) => cell).values()];
  const known = figures.some(({ coverage }) => coverage !== null);
  return {
    title: "Measured",
    columns: [
      left("cell"),
      ...(known ? [left("coverage")] : []),
      ...metrics.map(([metric, unit]) => right(unit === "share" ? metric : `${metric}, ${unit}`)),
      left("verdict"),
    ],
    rows: rows.map((of) => [
      of[0]?.cell ?? "",
      ...(known ? [of.find(({ coverage }) => coverage !== null)?.coverage ?? absent] : []),
      ...metrics.map(([metric]) => figureText(of.find((one) => one.metric === metric))),
      of[0]?.verdict ?? "",
    ]),
    notes: [
      "In brackets: 95 % intervals. Of pass rates over episodes and problems, of pass@k over problems, of other scores over the trials of these same problems, of latencies over episodes. A rate of a cell is one measurement and has none.",
      ...(known ? ["coverage: problems with a score of all that the data has."] : []),
    ],
  };
}

function figureText(figure: Figure | undefined): string {
  if (figure === undefined) return absent;
  return estimateText(figure, figure.unit === "share" ? percentText : numberText);
}

function quotedSection(quoted: readonly QuotedFigure[]): readonly string[] {
  if (quoted.length === 0) return [];
  return [
    markdownTable({
      title: "Quoted, not measured here",
      columns: [
        left("benchmark"),
        left("model"),
        left("metric"),
        right("value"),
        left("source"),
        left("note"),
      ],
      rows: quoted.map(({ benchmark, model, metric, value, source, note }) => [
        benchmark,
        model,
        metric,
        String(value),
        source,
        note ?? "",
      ]),
      notes: [
        "These figures were published by others, with their own prompts, samples and extraction. Nothing here has measured them, and a difference from the table above may be one of method.",
      ],
    }),
  ];
}

function limitations({ run, coverage, cells, scores }: ReportModel): string {
  const partial = coverage !== undefined && coverage.selected < coverage.total;
  const failing = cells.filter(({ episodes }) => (episodes.byStatus["failed"] ?? 0) > 0);
  return [
    "## Limitations",
    [
      ...(partial
        ? [
            `Scores are of ${coverage.selected} of ${coverage.total} ${coverage.of}; the first of a file are no random sample of it.`,
          ]
        : []),
      ...(run.simulated
        ? ["The engine was a simulator: neither its answers nor its times say anything of a model or a GPU."]
        : []),
      ...(failing.length === 0
        ? []
        : [`${failing.length} cells have failed episodes, which have no score: see Exclusions.`]),
      ...(scores === undefined ? [] : ["Intervals of scores over trials say nothing of other problems."]),
      "A data set that is public may be in what a model was trained on; nothing here can tell.",
      "Answers are judged as the rules of extraction found them: another harness may find more or less in the same text.",
      "Times and rates are of this machine, this load and this arm; other work on the machine is in them.",
    ]
      .map((text) => `- ${text}`)
      .join("\n"),
  ].join("\n\n");
}

/** Text of others in a line of Markdown. */
export function plainText(text: string): string {
  return text.replaceAll(/\s+/g, " ").replaceAll(/[\\`*_{}[\]<>|#]/g, (character) => `\\${character}`);
}
