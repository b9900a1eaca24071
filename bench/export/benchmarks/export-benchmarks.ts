import { join } from "node:path";
import { z } from "zod";
import { ConfigError } from "../../errors.ts";
import { buildReport } from "../../report/build-report.ts";
import { csvText } from "../../report/formats/csv.ts";
import type { ReportModel } from "../../report/model/report-model.ts";
import { readRun, type StoreWarning } from "../../store/read-run.ts";
import type { RunJson } from "../../store/run-json.ts";
import { storing } from "../../store/storage-error.ts";
import { writeWhole } from "../../store/text-store.ts";
import { prepareFolder } from "../folder.ts";
import { describeFiles, runOf } from "../manifest.ts";
import { cellSamples, type CellSamples } from "./answered-samples.ts";
import { figuresOf, type MeasuredOf } from "./figures.ts";
import { detailedPage, summaryPage } from "./pages.ts";
import { readQuoted } from "./quoted.ts";

export interface BenchmarkExportOptions {
  readonly out: string;
  /** File of figures that others published; null for none. */
  readonly quoted: string | null;
  /** Empty: all. */
  readonly arms: readonly string[];
}

/**
 * Writes what a run says of a model as pages and tables that can be published, to a new or empty folder.
 * @throws {ConfigError} for a replay and for a file of quoted figures that cannot be used, @throws {RunUnreadableError}, @throws {StorageError}
 */
export async function exportBenchmarks(
  directory: string,
  { out, quoted: quotedFile, arms }: BenchmarkExportOptions,
) {
  const quoted = quotedFile === null ? [] : await readQuoted(quotedFile);
  const run = await readRun(directory);
  if (run.identity.replay !== undefined)
    throw new ConfigError(`${directory} is a replay: its requests have no scores. Give a run of a sweep.`);
  const report = ofArms(await buildReport(directory), arms);
  const warnings: StoreWarning[] = [];
  const samples: CellSamples[] = [];
  for (const { cellId } of report.cells)
    samples.push(...[await cellSamples(run, cellId, warnings)].flatMap((one) => one ?? []));
  const of = measuredOf(run.identity, report);
  const figures = figuresOf(report, of);
  const pages = { report, identity: run.identity, of, figures, samples, quoted };
  const json = {
    v: 1,
    ...of,
    run: runOf({ ...run.identity, simulated: report.run.simulated }),
    state: report.run.state,
    coverage: report.coverage ?? null,
    figures,
    byAxis: report.byAxis ?? null,
    passAtK: report.passAtK ?? null,
    variants: report.variants ?? null,
    lengths: report.lengths ?? null,
    samples: samples.map(({ cellId, verdicts, rules, cutByLength }) => ({
      cellId,
      verdicts,
      rules,
      cutByLength,
    })),
    exclusions: report.exclusions,
    quoted: quoted.map((one) => ({ ...one, measured: false })),
  };
  const texts = {
    "BENCHMARKS.md": summaryPage(pages),
    "BENCHMARKS_DETAILED.md": detailedPage(pages),
    "benchmarks.csv": csvText([
      ...figures.map((one) => ({ ...one, measured: true, source: null })),
      ...quoted.map((one) => ({ ...one, simulated: null, measured: false })),
    ]),
    "benchmarks.json": `${JSON.stringify(json, null, 2)}\n`,
  };
  await prepareFolder(out);
  const write = (name: string, text: string) => {
    const path = join(out, name);
    return storing(path, "Cannot write", () => writeWhole(path, text));
  };
  for (const [name, text] of Object.entries(texts)) await write(name, text);
  const manifest = {
    v: 1,
    format: "benchmarks",
    run: json.run,
    ...of,
    coverage: json.coverage,
    figures: figures.length,
    quoted: quoted.length,
    warnings: [
      ...report.warnings,
      ...warnings.map(({ file, line, message }) => `${file}:${line}: ${message}`),
    ],
    files: await describeFiles(out, Object.keys(texts)),
  };
  await write("manifest.json", `${JSON.stringify(manifest, null, 2)}\n`);
  return manifest;
}

function ofArms(report: ReportModel, arms: readonly string[]): ReportModel {
  if (arms.length === 0) return report;
  const wanted = <Cell extends { readonly arm: string }>(cells: readonly Cell[]) =>
    cells.filter(({ arm }) => arms.includes(arm));
  const { scores, byAxis, passAtK, variants, lengths } = report;
  return {
    ...report,
    cells: wanted(report.cells),
    ...(scores && { scores: { ...scores, cells: wanted(scores.cells) } }),
    ...(byAxis && { byAxis: { ...byAxis, cells: wanted(byAxis.cells) } }),
    ...(passAtK && { passAtK: { ...passAtK, cells: wanted(passAtK.cells) } }),
    ...(variants && { variants: { ...variants, comparisons: wanted(variants.comparisons) } }),
    ...(lengths && { lengths: { rows: wanted(lengths.rows), differences: wanted(lengths.differences) } }),
  };
}

const namedSchema = z.looseObject({
  workload: z.looseObject({ kind: z.string(), dataset: z.string().optional() }),
  stack: z.looseObject({
    model: z.string().optional(),
    agent: z.looseObject({ model: z.string().optional() }).optional(),
  }),
});

function measuredOf({ resolved, experiment }: RunJson, { run }: ReportModel): MeasuredOf {
  const { workload, stack } = namedSchema.safeParse(resolved).data ?? {};
  const parts = [workload?.kind, workload?.dataset].flatMap((part) => part ?? []);
  const model = stack?.agent?.model ?? stack?.model;
  return {
    benchmark: parts.length === 0 ? experiment : parts.join(" "),
    model: model ?? run.servers[0] ?? "unknown model",
  };
}
