import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { ConfigError } from "../errors.ts";
import { exists } from "../store/read-run.ts";
import { readCellEvidence, type SeenCell } from "./evidence/cell-evidence.ts";
import { readRunFacts } from "./evidence/run-facts.ts";
import { impossibleFigures } from "./figures/gates.ts";
import { compareFigures } from "./figures/compare.ts";
import type { JsonValue } from "./evidence/json-value.ts";
import type { Compared, FigureCoverage, Expected, Unequal } from "./figures/figure.ts";
import { csvFigures, csvRows } from "./printed/csv-cells.ts";
import { htmlPage, markdownPage } from "./printed/blocks.ts";
import { comparePages } from "./printed/two-pages.ts";
import { recordFigures } from "./figures/records.ts";
import { readOutcomes, readSamples } from "./evidence/samples.ts";
import { reportFigures } from "./figures/report.ts";

export interface RunVerification {
  readonly runId: string;
  readonly unequal: readonly Unequal[];
  readonly coverage: readonly FigureCoverage[];
}

/** What the evidence of a run gives, and what the files of its report say. */
export interface Verifiable {
  readonly runId: string;
  readonly directory: string;
  readonly expected: Expected;
  /** What other files say of each episode, and what its record says. */
  readonly records: { readonly expected: Expected; readonly said: JsonValue };
}

/** Recomputes the figures of a run's report from its records and evidence. @throws {ConfigError} {@link RunUnreadableError} */
export async function recompute(directory: string): Promise<Verifiable> {
  const facts = await readRunFacts(directory);
  const report = await readReport(facts.directory);
  if (facts.run.identity.replay !== undefined)
    throw new ConfigError(
      `${facts.run.identity.runId} is a replay, whose figures nothing recomputes yet: \`tollgate report\` rebuilds its report from the evidence.`,
    );
  const cells: SeenCell[] = [];
  for (const cell of facts.cells) cells.push(await readCellEvidence(cell));
  const folders = facts.cells.flatMap(({ stretches }) => stretches.map(({ folder }) => folder));
  const samples = await Promise.all(folders.map(readSamples));
  return {
    runId: facts.run.identity.runId,
    directory: facts.directory,
    expected: reportFigures(facts, cells, report),
    records: recordFigures(cells, {
      samples: new Map(samples.flatMap((one) => [...one])),
      outcomes: await readOutcomes(facts.directory),
    }),
  };
}

export async function verifyRun(directory: string): Promise<RunVerification> {
  const { runId, expected, records, ...run } = await recompute(directory);
  const report = await readReport(run.directory);
  const compared = [
    compareFigures("report/report.json", expected, report),
    compareFigures("records.jsonl", records.expected, records.said),
    ...(await printedFigures(run.directory, report)),
  ];
  return {
    runId,
    unequal: [
      ...compared.flatMap(({ unequal }) => unequal),
      ...impossibleFigures("report/report.json", report),
    ],
    coverage: compared.flatMap(({ coverage }) => coverage),
  };
}

/** What the other files of the report print, against report.json and against each other. */
async function printedFigures(directory: string, report: JsonValue): Promise<readonly Compared[]> {
  const [csv = null, markdown = null, html = null] = await Promise.all(
    ["cells.csv", "report.md", "report.html"].map((name) => readPrinted(join(directory, "report", name))),
  );
  const missing = (file: string): Compared => ({
    unequal: [],
    coverage: [{ file, kind: "all of it", count: 1, reason: "the run has no such file" }],
  });
  const { heads, rows } = csvRows(csv ?? "");
  return [
    csv === null
      ? missing("report/cells.csv")
      : compareFigures("report/cells.csv", csvFigures(report, heads), rows),
    markdown === null || html === null
      ? missing(markdown === null ? "report/report.md" : "report/report.html")
      : comparePages(markdownPage(markdown), htmlPage(html)),
  ];
}

async function readPrinted(path: string): Promise<string | null> {
  return (await exists(path)) ? await readFile(path, "utf8") : null;
}

async function readReport(directory: string): Promise<JsonValue> {
  const path = join(directory, "report", "report.json");
  if (!(await exists(path)))
    throw new ConfigError(`${path} is missing: \`tollgate report ${directory}\` writes it.`);
  return JSON.parse(await readFile(path, "utf8")) as JsonValue;
}
