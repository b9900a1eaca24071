import { mkdir } from "node:fs/promises";
import { join } from "node:path";
import { ConfigError } from "../errors.ts";
import type { Interval } from "../statistics/interval.ts";
import { markdownTable } from "./formats/markdown.ts";
import { renderTable } from "./formats/terminal.ts";
import { readRun, type StoredRun } from "../store/read-run.ts";
import { storing } from "../store/storage-error.ts";
import { writeWhole } from "../store/text-store.ts";
import { comparedMetrics, type Comparison } from "../analysis/replay/comparison.ts";
import { readLegs } from "../evidence/leg-evidence.ts";
import { replayPage } from "./formats/replay-page.ts";
import { buildReplayReport, type ReplayReport } from "../analysis/replay/replay-report.ts";
import { replayHead, replayTables } from "./tables/replay-tables.ts";
import { tailMetrics, type TailMetric } from "../analysis/replay/percentile-differences.ts";
import { withStack, type StoredReplay } from "./model/stored-replay.ts";

export const replayFormats = ["table", "md", "csv", "json", "html"] as const;
export type ReplayFormat = (typeof replayFormats)[number];

/** The text of a replay's report in one format. Pure. */
export function renderReplay(report: StoredReplay, format: ReplayFormat): string {
  if (format === "json") return `${JSON.stringify(report, null, 2)}\n`;
  if (format === "csv") return csv(report);
  if (format === "html") return replayPage(report);
  const tables = replayTables(report);
  if (format === "table") return [replayHead(report).join("\n"), ...tables.map(renderTable)].join("\n\n");
  const [title = "", ...facts] = replayHead(report);
  return `${[`# ${title}`, facts.join("  \n"), ...tables.map(markdownTable)].join("\n\n")}\n`;
}

/**
 * Rebuilds a replay's report from its directory and writes `report/`.
 * @throws {ConfigError} when the run is no replay
 * @throws {RunUnreadableError} when its evidence is damaged
 */
export async function rebuildReplay(directory: string): Promise<StoredReplay> {
  const run: StoredRun = await readRun(directory);
  const { replay: plan } = run.identity;
  if (plan === undefined) throw new ConfigError(`${directory} is no replay; use \`tollgate report\`.`);
  const report = await withStack(buildReplayReport(run, plan, await readLegs(run, plan)), run);
  const folder = join(directory, "report");
  await storing(folder, "Cannot write the report into", async () => {
    await mkdir(folder, { recursive: true });
    for (const [file, format] of [
      ["report.md", "md"],
      ["report.json", "json"],
      ["cells.csv", "csv"],
      ["report.html", "html"],
    ] as const)
      await writeWhole(join(folder, file), renderReplay(report, format));
  });
  return report;
}

/** A row per setting, arm, metric and statistic. */
function csv(report: ReplayReport): string {
  const head =
    "setting,arm,part,metric,statistic,pairs,blocks,baseline_ms,arm_ms,difference_ms,low_ms,high_ms,confidence";
  const rows = report.comparisons.flatMap((comparison) => [
    ...comparedMetrics.map((metric) => meanRow(comparison, metric, comparison.metrics[metric])),
    meanRow(comparison, "conversation", comparison.session),
    ...Object.entries(comparison.path ?? {}).map(([metric, difference]) =>
      meanRow(comparison, `path_${metric.replace("Ms", "")}`, difference),
    ),
    ...tailMetrics.flatMap((metric) => tailRows(comparison, metric)),
  ]);
  return `${[head, ...rows].join("\n")}\n`;
}

function meanRow(comparison: Comparison, metric: string, of: Comparison["session"]): string {
  const { interval, count, baselineMean, armMean } = of;
  return csvRow(comparison, [metric, "mean", count], [baselineMean, armMean, interval]);
}

function tailRows(comparison: Comparison, metric: TailMetric): readonly string[] {
  const { count } = comparison.metrics[metric];
  return Object.entries(comparison.tails[metric]).map(([name, tail]) =>
    csvRow(
      comparison,
      [metric, name, count],
      [tail?.baseline ?? null, tail?.arm ?? null, tail?.interval ?? null],
    ),
  );
}

function csvRow(
  { setting, arm, blocks }: Comparison,
  [metric, statistic, pairs]: readonly [string, string, number],
  [baseline, other, interval]: readonly [number | null, number | null, Interval | null],
): string {
  const numbers = [baseline, other, interval?.estimate, interval?.low, interval?.high, interval?.confidence];
  return [
    setting.key,
    arm.label,
    arm.part,
    metric,
    statistic,
    pairs,
    blocks,
    ...numbers.map((value) => value ?? ""),
  ].join(",");
}
