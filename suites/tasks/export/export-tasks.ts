import { join } from "node:path";
import { ConfigError } from "../../../bench/errors.ts";
import { prepareFolder } from "../../../bench/export/folder.ts";
import { describeFiles, runOf } from "../../../bench/export/manifest.ts";
import { buildReport } from "../../../bench/report/build-report.ts";
import type { ReportModel } from "../../../bench/report/model/report-model.ts";
import { readJudgedRun, type JudgedRun } from "../../../bench/store/judgements.ts";
import type { StoreWarning } from "../../../bench/store/read-run.ts";
import type { PlannedCell } from "../../../bench/store/run-json.ts";
import { storing } from "../../../bench/store/storage-error.ts";
import { writeWhole } from "../../../bench/store/text-store.ts";
import type { TaskFormat } from "../contract/loaded-suite.ts";
import { readAttempts } from "../attempts/read-attempts.ts";
import { scoredByAgent } from "./agentbench/results.ts";
import { runIdsOf } from "./agentbench/run-ids.ts";
import { writeTrial } from "./agentbench/write-trial.ts";
import { writeBenchmark } from "./clawbench/write-benchmark.ts";
import { tasksCard } from "./tasks-card.ts";
import type { ExportedResult, TasksManifest } from "./tasks-manifest.ts";
import type { TaskTrial, TriedRun } from "../attempts/trial.ts";
import { servingCost, trialsOf, triedRun } from "./tried-run.ts";

export interface TaskExportOptions {
  readonly format: TaskFormat;
  readonly out: string;
  /** Refuses results of which the agent under test has scored a part itself, and calls the others externally verified. */
  readonly strict: boolean;
  /** Empty: all. */
  readonly arms: readonly string[];
}

/**
 * Writes what AgentBench or ClawBench itself would have written of a run, cell by cell, to a new or empty folder.
 * @throws {ConfigError} for a run of other work, @throws {RunUnreadableError}, @throws {StorageError}
 */
export async function exportTasks(
  runDirectory: string,
  { format, out, strict, arms }: TaskExportOptions,
): Promise<TasksManifest> {
  const judged = await readJudgedRun(runDirectory);
  const cells = judged.identity.cells.filter(({ arm }) => arms.length === 0 || arms.includes(arm));
  const reading: Reading = { judged, warnings: [] };
  await refuseOtherWork(reading, cells, format);
  const report = await buildReport(judged.directory);
  const run = triedRun(judged.identity, report);
  if (strict) await refuseOwnScores(reading, cells, run);
  await prepareFolder(out);
  const writing: Writing = { ...reading, report, run, out, strict, idOf: runIdsOf() };
  const written: Written[] = [];
  for (const cell of cells) written.push(...(await writers[format](writing, cell)));
  const manifest: TasksManifest = {
    v: 1,
    format,
    run: runOf({ ...judged.identity, simulated: report.run.simulated }),
    results: written.map(({ result }) => result),
    leftOut: written.flatMap(({ leftOut }) => leftOut),
    warnings: reading.warnings.map(({ file, line, message }) => `${file}:${line}: ${message}`),
    files: await describeFiles(
      out,
      written.flatMap(({ names }) => names),
    ),
  };
  const write = (name: string, text: string) => {
    const path = join(out, name);
    return storing(path, "Cannot write", () => writeWhole(path, text));
  };
  await write("manifest.json", `${JSON.stringify(manifest, null, 2)}\n`);
  await write("README.md", tasksCard(manifest));
  return manifest;
}

interface Reading {
  readonly judged: JudgedRun;
  readonly warnings: StoreWarning[];
}

interface Writing extends Reading {
  readonly report: ReportModel;
  readonly run: TriedRun;
  readonly out: string;
  readonly strict: boolean;
  readonly idOf: ReturnType<typeof runIdsOf>;
}

interface Written {
  readonly result: ExportedResult;
  readonly names: readonly string[];
  readonly leftOut: readonly string[];
}

const writers: Readonly<
  Record<TaskFormat, (writing: Writing, cell: PlannedCell) => Promise<readonly Written[]>>
> = { agentbench: writeTrials, clawbench: writeCell };

async function trialsOfCell({ judged, warnings }: Reading, cell: PlannedCell): Promise<readonly TaskTrial[]> {
  return trialsOf(judged, cell, await readAttempts(judged, cell.cellId, warnings));
}

async function writeTrials(writing: Writing, cell: PlannedCell): Promise<readonly Written[]> {
  const { out, run, report, strict, idOf } = writing;
  const written: Written[] = [];
  for (const trial of await trialsOfCell(writing, cell)) {
    const runId = idOf(trial.startedAt);
    const place = { out, runId };
    const { results, names, leftOut } = await writeTrial(
      place,
      { run, trial },
      {
        strict,
        serving: servingCost(report, cell),
      },
    );
    const result: ExportedResult = {
      ...placeOf(cell),
      file: join("agentbench-results", runId, "results.json"),
      trial: trial.trial,
      overallScore: results.overall_score,
      tasks: results.task_count,
      scoredTasks: results.task_count - results.tollgate.unscored_tasks.length,
    };
    written.push({ result, names, leftOut });
  }
  return written;
}

async function writeCell(writing: Writing, cell: PlannedCell): Promise<readonly Written[]> {
  const trials = await trialsOfCell(writing, cell);
  const attempts = trials.flatMap(({ tasks }) => tasks);
  if (attempts.length === 0) return [];
  const serving = servingCost(writing.report, cell);
  const written = await writeBenchmark(writing.out, writing.run, { cell, attempts, serving });
  const tasks = new Set(attempts.map(({ record }) => record.taskId)).size;
  const result: ExportedResult = {
    ...placeOf(cell),
    file: written.file,
    trial: null,
    overallScore: written.benchmark?.overall_score ?? null,
    tasks,
    scoredTasks: written.benchmark?.task_results.length ?? 0,
  };
  if (written.benchmark === null)
    return [{ result, names: [], leftOut: [`${written.file}: no attempt of ${cell.cellId} has a score`] }];
  return [{ result, names: [written.file], leftOut: [] }];
}

function placeOf({ cellId, arm, load }: PlannedCell) {
  return { cell: cellId, arm, load };
}

/** Before anything is written. */
async function refuseOtherWork(
  reading: Reading,
  cells: readonly PlannedCell[],
  format: TaskFormat,
): Promise<void> {
  const { runId } = reading.judged.identity;
  for (const cell of cells) {
    const attempts = await readAttempts(reading.judged, cell.cellId, []);
    const found = attempts.find(({ attempt }) => attempt !== null)?.attempt?.profile.format;
    if (found === format) return;
    if (found !== undefined)
      throw new ConfigError(
        `${runId} was scored as ${found}, so there are no results in the form of ${format}. Use --format ${found}.`,
      );
  }
  throw new ConfigError(
    `${runId} has no scored attempts at tasks in a workspace, of which --format ${format} is made. Such runs have workload.kind: tasks; trajectories are exported with --format jsonl.`,
  );
}

async function refuseOwnScores(
  reading: Reading,
  cells: readonly PlannedCell[],
  run: TriedRun,
): Promise<void> {
  for (const cell of cells) {
    const [why] = scoredByAgent(run, await readAttempts(reading.judged, cell.cellId, []));
    if (why !== undefined)
      throw new ConfigError(`${cell.cellId} cannot be called externally verified (--strict). ${why}`);
  }
}
