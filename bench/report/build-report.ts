import { join } from "node:path";
import { recordedVariance } from "../config/variance-schema.ts";
import { unstableReasons, variationsOf, type Variation } from "../analysis/variance/variation.ts";
import { verdicts } from "../analysis/cell/verdict.ts";
import { compareSchema } from "../config/compare-schema.ts";
import { driverOf } from "../store/driver-lock.ts";
import { hostsLine } from "../store/host-line.ts";
import { finishedEpisodes, progressOf } from "../store/progress.ts";
import { latestArmFacts, readPreflights } from "../store/preflight-record.ts";
import { lostTrajectories } from "../store/lost-trajectories.ts";
import { judgementOf, readJudgedRun, type Judgements } from "../store/judgements.ts";
import type { StoredRun, StoreWarning } from "../store/read-run.ts";
import type { EpisodeRecord } from "../store/record.ts";
import type { CellSummary } from "../analysis/cell/cell-summary.ts";
import { runFailures } from "./tables/failure-table.ts";
import { definitions } from "./tables/definitions.ts";
import { diskUse } from "./model/disk-use.ts";
import { exclusionsOf } from "../analysis/exclusions.ts";
import { cellLedgers } from "../analysis/ledger/cell-ledger.ts";
import { baselineFloors } from "../analysis/overhead/floor.ts";
import { lengthReport } from "../analysis/lengths/length-report.ts";
import { compareArms } from "../analysis/overhead/overhead.ts";
import { readCellPower, type CellPower } from "../analysis/power/cell-power.ts";
import { variantReport } from "../analysis/variants/variant-report.ts";
import { hasPassed } from "../store/passed.ts";
import { readCell, type MeasuredCell } from "../analysis/measured-cell.ts";
import { passAtKReport } from "../analysis/scores/pass-at-k-report.ts";
import { axisReport } from "../analysis/scores/axis-report.ts";
import { scoreReport } from "../analysis/scores/score-report.ts";
import { LimitFacts } from "./model/limit-facts.ts";
import type { ReportModel } from "./model/report-model.ts";
import { resolvedInVariant } from "../config/variants.ts";
import { statedGpus } from "../config/stated-gpus.ts";
import { reportedEngines, serverLines } from "./model/server-lines.ts";
import { programWarnings } from "../evidence/measuring-programs.ts";
import { serversOfRun, serverVersions, type ServersOfRun } from "../evidence/server-facts.ts";

/**
 * The report of a run, from its directory alone: records and evidence, never from an earlier report. Works on a run that
 * is still being written. Throws RunUnreadableError when the directory is no run or is damaged.
 */
export async function buildReport(directory: string): Promise<ReportModel> {
  const judged = await readJudgedRun(directory);
  const servers = await serversOfRun(judged.directory);
  const run = { ...judged, identity: { ...judged.identity, simulated: isSimulated(judged, servers) } };
  const warnings: StoreWarning[] = [...run.warnings];
  const measured: MeasuredCell[] = [];
  const preflights = await readPreflights(run.directory);
  const power: CellPower[] = [];
  const limits = new LimitFacts(run.identity);
  for (const { cellId, arm, variant } of run.identity.cells) {
    const armFacts = latestArmFacts(preflights, arm, variant);
    const { observed, ...cell } = await readCell(run, cellId, warnings);
    limits.add(observed);
    power.push(...[await readCellPower(run, cell.summary, warnings)].flatMap((one) => one ?? []));
    measured.push({ ...cell, ...(armFacts && { armFacts }) });
  }
  const { cells, variations } = judgedTogether(measured, run.identity.resolved);
  const summaries = cells.map(({ summary }) => summary);
  const episodes = inPlanOrder(run);
  const scores = scoreReport(run.identity.scores, cells, episodes);
  const passAtK = passAtKReport(run.identity.passAtK, cells, episodes);
  const byAxis = axisReport(run.identity, cells, episodes);
  const lengths = lengthReport(cells, { compare: compareOf(run), episodes });
  const failures = runFailures(summaries);
  const variants = variantReport(run.identity, cells);
  const floors = baselineFloors(cells, compareOf(run));
  const lost = await lostTrajectories(run.directory, run.records);
  if (lost.message !== null)
    warnings.push({ file: join(run.directory, "trajectories.jsonl"), line: 0, message: lost.message });
  warnings.push(...(await programWarnings(run)));
  const withoutOne = new Set(lost.episodes.map(({ episodeId }) => episodeId));
  return {
    v: 1,
    run: {
      ...runFacts(run, servers, (await driverOf(run.directory)) !== null),
      versions: { ...run.identity.versions, ...(await serverVersions(run.directory, servers)) },
    },
    ...(run.identity.coverage && { coverage: run.identity.coverage }),
    preflights: [...preflights],
    cells: summaries,
    ...(failures.length > 0 && { failures }),
    ...(scores !== null && { scores }),
    ...(passAtK !== null && { passAtK }),
    ...(byAxis !== null && { byAxis }),
    ...(variants !== null && { variants }),
    ...(lengths !== null && { lengths }),
    overheads: [...compareArms(cells, compareOf(run))],
    ...(variations.length > 0 && { variations: [...variations] }),
    ...(floors.length > 0 && { floors: [...floors] }),
    ...limits.report(),
    ...(power.length > 0 && { power }),
    ledgers: [...cellLedgers(cells)],
    totals: {
      planned: run.identity.cells.reduce((sum, { episodeIds }) => sum + episodeIds.length, 0),
      finished: episodes.length,
      trajectories: episodes.filter(
        ({ status, episodeId }) => status !== "failed" && !withoutOne.has(episodeId),
      ).length,
      diskBytes: await diskUse(run.directory),
      wastedAttempts: sum(summaries, ({ waste }) => waste.attempts),
      wastedTokens: sum(summaries, ({ waste }) => waste.promptTokens + waste.completionTokens),
    },
    exclusions: [...notPlanned(run.identity), ...exclusionsOf(cells, run.records)],
    trials: trialsOf(episodes),
    judges: judgesOf(episodes, run.judgements),
    definitions: [...definitions],
    warnings: [...(run.identity.warnings ?? []), ...warnings.map(warningText)],
  };
}

/** Cell by cell as the plan has them, whatever order they were measured in: shards of a merged run measured at the same time. */
function inPlanOrder({ identity, records }: StoredRun): readonly EpisodeRecord[] {
  const places = new Map(identity.cells.map(({ cellId }, at) => [cellId, at]));
  const placeOf = ({ cellId }: EpisodeRecord) => places.get(cellId) ?? places.size;
  return [...finishedEpisodes(records).values()].toSorted((a, b) => placeOf(a) - placeOf(b));
}

/** Cells with what their repetitions say of them, where the experiment has a rule for that. */
function judgedTogether(
  measured: readonly MeasuredCell[],
  resolved: StoredRun["identity"]["resolved"],
): { readonly cells: readonly MeasuredCell[]; readonly variations: readonly Variation[] } {
  const variance = recordedVariance(resolved);
  const summaries = measured.map(({ summary }) => summary);
  const variations = variance === null ? [] : variationsOf(summaries, variance);
  const cells = measured.map((cell) => {
    const unstable = unstableReasons(cell.summary, variations);
    if (unstable.length === 0) return cell;
    const reasons = [...cell.summary.reasons, ...unstable].sort(
      (a, b) => verdicts.indexOf(a.verdict) - verdicts.indexOf(b.verdict),
    );
    return { ...cell, summary: { ...cell.summary, reasons, verdict: reasons[0]?.verdict ?? "valid" } };
  });
  return { cells, variations };
}

/** The margins as they were declared; a run of an older Tollgate has none. */
function compareOf({ identity }: StoredRun) {
  return compareSchema.safeParse(identity.resolved["compare"]).data;
}

/** An older Tollgate said it of a run in which only the user's engine was a simulator. */
function isSimulated({ identity }: StoredRun, { agent }: ServersOfRun): boolean {
  return agent?.engine.simulated ?? identity.simulated;
}

function runFacts(
  run: StoredRun,
  servers: ServersOfRun,
  driverAlive: boolean,
): Omit<ReportModel["run"], "versions"> {
  const { identity } = run;
  const engines = reportedEngines(servers);
  const agentGpus = statedGpus(identity.resolved, "agent");
  const variantGpus = variantNamesOf(identity).flatMap((name) => {
    const count = statedGpus(resolvedInVariant(identity.resolved, name), "agent");
    return count === null ? [] : [[name, count] as const];
  });
  return {
    runId: identity.runId,
    experiment: identity.experiment,
    note: identity.note,
    createdAt: identity.createdAt,
    simulated: identity.simulated,
    state: progressOf(run, driverAlive).state,
    agent: identity.agent,
    gitRevision:
      identity.git === null ? null : `${identity.git.revision}${identity.git.dirty ? "+changes" : ""}`,
    host: hostsLine(identity),
    servers: [...serverLines(identity.resolved, servers)],
    ...(Object.keys(engines).length > 0 && { engines }),
    ...(agentGpus !== null && { agentGpus }),
    ...(variantGpus.length > 0 && { variantGpus: Object.fromEntries(variantGpus) }),
  };
}

function variantNamesOf({ cells }: StoredRun["identity"]): readonly string[] {
  return [...new Set(cells.flatMap(({ variant }) => variant ?? []))];
}

/** What of the workload's data was left out before anything ran. */
function notPlanned({ coverage, merged }: StoredRun["identity"]): ReportModel["exclusions"] {
  const tasks = (coverage?.excluded ?? []).map(({ reason, count }) => ({
    what: coverage?.of ?? "tasks",
    count,
    reason: `not in the plan: ${reason}`,
    cells: [],
  }));
  const shards = (merged?.missing ?? []).map(({ index, cells }) => ({
    what: "cells",
    count: cells.length,
    reason: `shard ${index} was not there when the shards were merged: nothing is known of them`,
    cells,
  }));
  return [...tasks, ...shards];
}

function sum(cells: readonly CellSummary[], of: (cell: CellSummary) => number): number {
  return cells.reduce((total, cell) => total + of(cell), 0);
}

/** Which judge gave how many of the rewards that count. */
function judgesOf(episodes: readonly EpisodeRecord[], judgements: Judgements): ReportModel["judges"] {
  const used = episodes.flatMap((episode) => judgementOf(episode, judgements) ?? []);
  const groups = Map.groupBy(used, ({ model, url }) => JSON.stringify([model, url]));
  return [...groups.values()].flatMap((members) => {
    const [first] = members;
    if (first === undefined) return [];
    const incomplete = members.filter(({ complete }) => !complete).length;
    return [{ model: first.model, url: first.url, rewards: members.length, incomplete }];
  });
}

function trialsOf(episodes: readonly EpisodeRecord[]): ReportModel["trials"] {
  const groups = Map.groupBy(episodes, ({ arm, load, repetition, variant, trial }) =>
    JSON.stringify([arm, load, repetition, variant, trial]),
  );
  return [...groups.values()].map((members) => {
    const [{ arm, load, repetition, variant, trial }] = members as [EpisodeRecord];
    const passed = members.filter((episode) => hasPassed(episode) === true).length;
    const errors = members.filter(({ reward }) => reward === null).length;
    // Monotonic time does not go on over a restart of the machine, so trials over several segments have no length.
    const oneSegment = new Set(members.map(({ segmentId }) => segmentId)).size === 1;
    // A call with all of them as its arguments fails from some 100,000 on.
    const startNs = members.reduce((first, { startedNs }) => Math.min(first, startedNs), Infinity);
    const endNs = members.reduce((last, { endedNs }) => Math.max(last, endedNs), -Infinity);
    return {
      arm,
      load,
      repetition,
      ...(variant !== undefined && { variant }),
      trial,
      tasks: members.length,
      passed,
      failed: members.length - passed - errors,
      errors,
      seconds: oneSegment ? (endNs - startNs) / 1e9 : null,
    };
  });
}

function warningText({ file, line, message }: StoreWarning): string {
  return `${file}${line > 0 ? `:${line}` : ""}: ${message}`;
}
