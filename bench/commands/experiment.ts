import { resolve } from "node:path";
import Table from "cli-table3";
import { Option, type Command } from "commander";
import { loadExperiment, type LoadedExperiment } from "../config/load-experiment.ts";
import { coverageSentence } from "../analysis/estimates/coverage.ts";
import { sectionOf } from "../config/section.ts";
import { planRun, type RunPlan } from "../plan/run-plan.ts";
import { shardText } from "../plan/shard.ts";
import { clockText } from "../run/sweep-progress.ts";
import { estimateCells, measuredEpisodeSeconds, type CellEstimate } from "../plan/estimate.ts";
import { loadOf } from "../plan/cells.ts";
import { readRun } from "../store/read-run.ts";
import type { WorkPlan } from "../workload/work.ts";
import { ConfigError } from "../errors.ts";
import {
  plannedServers,
  problemsOf,
  serversJson,
  serversText,
  type PlannedServers,
} from "./planned-servers.ts";
import { positive } from "./arguments.ts";
import { findMeasured, runsOption, type RunsFlag } from "./find-run.ts";
import type { Host } from "./host.ts";
import { eachVariant } from "./in-variant.ts";
import { shardIn, shardOptions, type ShardFlags } from "./shard-options.ts";
import { sections, workIn } from "./parts.ts";

export function register(program: Command, host: Host): void {
  shardOptions(program.command("plan <file>"))
    .description("what a sweep would do: cells in their order, episodes, time; starts nothing")
    .option("--set <path=value>", "change one setting; may be repeated", collect, [])
    .addOption(limitOption())
    .option("--from <run>", "estimate the time from a run that was measured")
    .addOption(runsOption())
    .option("--json", "print JSON")
    .action(async (file: string, flags: PlanFlags) => {
      const loaded = readExperiment(file, limited(file, flags, host), host);
      const workload = await workIn(loaded.experiment).plan(loaded.experiment, host.environment);
      const plan = planRun(loaded, workload, shardIn(flags, host));
      const run =
        flags.from === undefined ? null : await measuredIn(await findMeasured(host, flags.from, flags));
      const estimates = estimateCells(
        plan.cells.map(({ cell }) => cell),
        workload.episodes.length,
        run?.episodeSeconds ?? new Map<string, number>(),
      );
      const secondsOf = (variant: string | undefined) =>
        totalSeconds(estimates.filter((_, index) => plan.cells[index]?.cell.variant === variant));
      const roles = workload.taskData.needsUserEngine ? (["agent", "user"] as const) : (["agent"] as const);
      const request = { episodes: plan.episodeCount, measured: run, secondsOf, roles };
      const servers = await plannedServers(loaded, request, host);
      const shown = { loaded, workload, plan, estimates, servers };
      if (run !== null && run.agent !== workload.agent.name)
        host.tell(
          `warning: ${flags.from} was measured with agent ${run.agent}, whose episodes last another time than those of ${workload.agent.name}`,
        );
      for (const warning of workload.warnings ?? []) host.tell(`warning: ${warning}`);
      host.print(flags.json ? JSON.stringify(planJson(shown), null, 2) : planText(shown));
      const problems = problemsOf(servers);
      if (problems.length > 0) throw new ConfigError(problems.join("\n"));
    });
}

interface PlanFlags extends RunsFlag, ShardFlags {
  readonly limit?: number;
  readonly set: readonly string[];
  readonly from?: string;
  readonly json?: boolean;
}

interface ShownPlan {
  readonly loaded: LoadedExperiment;
  readonly workload: WorkPlan;
  readonly plan: RunPlan;
  readonly estimates: readonly CellEstimate[];
  readonly servers: readonly PlannedServers[];
}

/** What a run tells about the next one. */
interface MeasuredRun {
  readonly directory: string;
  readonly episodes: number;
  /** Name of its agent. */
  readonly agent: string;
  readonly episodeSeconds: ReadonlyMap<string, number>;
}

async function measuredIn(directory: string): Promise<MeasuredRun> {
  const { identity, records } = await readRun(directory);
  return {
    directory,
    agent: identity.agent.name,
    episodes: records.filter(({ type }) => type === "episode").length,
    episodeSeconds: measuredEpisodeSeconds(records),
  };
}

/** null unless every cell was measured. */
function totalSeconds(estimates: readonly CellEstimate[]): number | null {
  return estimates.reduce<number | null>(
    (sum, { seconds }) => (sum === null || seconds === null ? null : sum + seconds),
    0,
  );
}

function planJson({ loaded, workload, plan, estimates, servers }: ShownPlan) {
  const seconds = totalSeconds(estimates);
  const { shard } = plan.identity;
  return {
    experiment: loaded.experiment.name,
    stack: loaded.experiment.stack.kind,
    agent: workload.agent,
    workload: workload.facts,
    ...(shard !== undefined && { shard: { index: shard.index, count: shard.count, by: shard.by } }),
    ...(workload.coverage && { coverage: workload.coverage }),
    episodes: plan.episodeCount,
    estimatedSeconds: seconds,
    ...serversJson(servers),
    cells: plan.cells.map(({ cell, episodes }, index) => ({
      cellId: cell.cellId,
      arm: cell.arm.name,
      load: loadOf(cell),
      repetition: cell.repetition,
      ...(cell.variant !== undefined && { variant: cell.variant }),
      episodes: episodes.length,
      estimatedSeconds: estimates[index]?.seconds ?? null,
      episodeIds: episodes.map(({ episodeId }) => episodeId),
    })),
  };
}

function planText({ loaded, workload, plan, estimates, servers }: ShownPlan): string {
  const table = new Table({
    head: ["#", "cell", "arm", "in flight", "episodes", "time"],
    style: { head: [], border: [], compact: true },
  });
  for (const [index, { cell, episodes }] of plan.cells.entries()) {
    const seconds = estimates[index]?.seconds ?? null;
    table.push([
      index + 1,
      cell.cellId,
      cell.arm.name,
      Math.min(cell.concurrency, episodes.length),
      episodes.length,
      seconds === null ? "not measured" : clockText(seconds),
    ]);
  }
  const { shard } = plan.identity;
  return [
    `${loaded.experiment.name}${shard === undefined ? "" : `, ${shardText(shard)} by ${shard.by}`}: ${plan.cells.length} cells x ${workload.episodes.length} episodes = ${plan.episodeCount} episodes`,
    `agent ${workload.agent.name} ${workload.agent.version}; ${factsText(workload.facts)}`,
    ...(workload.coverage === undefined ? [] : [coverageSentence(workload.coverage)]),
    ...serverLines(loaded, workload),
    table.toString(),
    timeText(estimates),
    ...serversText(servers),
  ].join("\n");
}

/** `domain library, tasks 12, trials 1`; what is not set says nothing. */
function factsText(facts: WorkPlan["facts"]): string {
  return Object.entries(facts)
    .flatMap(([name, value]) => {
      if (value === null || value === undefined) return [];
      if (typeof value !== "object") return [`${name} ${wordOf(value)}`];
      const parts = Object.entries(value).map(([key, count]) => `${key} ${wordOf(count)}`);
      return [`${name} ${parts.join(" + ")}`];
    })
    .join(", ");
}

function wordOf(value: unknown): string {
  return typeof value === "string" ? value : JSON.stringify(value);
}

function timeText(estimates: readonly CellEstimate[]): string {
  const known = estimates.flatMap(({ seconds }) => seconds ?? []);
  const sum = clockText(known.reduce((total, seconds) => total + seconds, 0));
  if (known.length === estimates.length)
    return `about ${sum} in all, by the measured mean length of an episode`;
  return known.length === 0
    ? "Time is not known before something was measured: run a short sweep, then `tollgate plan FILE --from RUN`."
    : `about ${sum} for the ${known.length} cells of ${estimates.length} whose arm and load were measured; nothing is known of the others`;
}

/** Addresses as they are used, whatever was left out or written twice; nobody is asked here. */
function serverLines({ recorded }: LoadedExperiment, { taskData }: WorkPlan): readonly string[] {
  const { stack, arms } = recorded;
  if (stack.kind !== "attach") return [];
  const engine = (name: string, { url, metricsUrl = `${url}/metrics` }: typeof stack.agent) =>
    `${name} ${url}/v1, metrics ${metricsUrl}`;
  const agents = eachVariant(recorded).flatMap(({ variant, experiment }) => {
    if (experiment.stack.kind !== "attach") return [];
    const name = variant === undefined ? "agent engine" : `agent engine, variant ${variant}`;
    return [engine(name, experiment.stack.agent)];
  });
  const gateways = arms.flatMap((arm) => (arm.kind === "url" ? [`arm ${arm.name} ${arm.url}/v1`] : []));
  const user = taskData.needsUserEngine ? [engine("user engine", stack.user)] : [];
  return [...agents, ...user, ...gateways];
}

/** `--set` may be given more than once. */
export function collect(value: string, earlier: readonly string[]): readonly string[] {
  return [...earlier, value];
}

export function limitOption(): Option {
  return new Option(
    "--limit <n>",
    "only the first N of the workload's data (workload.limit); every score then says that it is partial",
  ).argParser(positive);
}

/** The settings, with the one that `--limit` stands for. Throws ConfigError where the workload has none. */
export function limited(
  file: string,
  { limit, set }: { readonly limit?: number; readonly set: readonly string[] },
  host: Host,
): readonly string[] {
  if (limit === undefined) return set;
  const { workload } = readExperiment(file, set, host).experiment;
  const { shape } = sectionOf(sections.workloads, workload).schema;
  if ("limit" in shape) return [...set, `workload.limit=${limit}`];
  throw new ConfigError(
    `--limit is workload.limit, and workload ${workload.kind} has no such key. Its keys are ${Object.keys(shape).join(", ")}: select its tasks by one of these${"tasks" in shape ? `, e.g. --set workload.tasks.count=${limit}` : ""}.`,
  );
}

export function readExperiment(file: string, set: readonly string[], host: Host): LoadedExperiment {
  const loaded = loadExperiment(file, {
    sections,
    set,
    environment: host.environment,
    workingDirectory: host.workingDirectory,
  });
  if (loaded.file !== resolve(file))
    host.tell(`${file} is not here; the shipped one is used: ${loaded.file}`);
  return loaded;
}
