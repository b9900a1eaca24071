import { resolve } from "node:path";
import Table from "cli-table3";
import type { Command } from "commander";
import { z } from "zod";
import { openclawTau2 } from "../../openclaw-tau2/workload.ts";
import { experimentSchema } from "../config/experiment.ts";
import { loadExperiment, type LoadedExperiment } from "../config/load-experiment.ts";
import { planRun, type RunPlan } from "../drive/run-plan.ts";
import { clockText } from "../drive/sweep-progress.ts";
import { estimateCells, measuredEpisodeSeconds, type CellEstimate } from "../plan/estimate.ts";
import { loadOf } from "../plan/cells.ts";
import { resolveRun } from "../store/list-runs.ts";
import { readRun } from "../store/read-run.ts";
import type { WorkloadPlan } from "../workload/workload.ts";
import type { Host } from "./host.ts";

export function register(program: Command, host: Host): void {
  program
    .command("schema")
    .description("print the JSON Schema of experiment files, for editors")
    .action(() => {
      host.print(JSON.stringify(z.toJSONSchema(experimentSchema, { io: "input" }), null, 2));
    });

  program
    .command("plan <file>")
    .description("what a sweep would do: cells in their order, episodes, time; starts nothing")
    .option("--set <path=value>", "change one setting; may be repeated", collect, [])
    .option("--from <run>", "estimate the time from a run that was measured")
    .option("--json", "print JSON")
    .action(async (file: string, flags: PlanFlags) => {
      const loaded = readExperiment(file, flags.set, host);
      const workload = await openclawTau2.plan(loaded.experiment);
      const plan = planRun(loaded, workload);
      const measured =
        flags.from === undefined ? new Map<string, number>() : await measuredIn(flags.from, host);
      const estimates = estimateCells(
        plan.cells.map(({ cell }) => cell),
        workload.episodes.length,
        measured,
      );
      const shown = { loaded, workload, plan, estimates };
      for (const warning of workload.warnings ?? []) host.tell(`warning: ${warning}`);
      host.print(flags.json ? JSON.stringify(planJson(shown), null, 2) : planText(shown));
    });
}

interface PlanFlags {
  readonly set: readonly string[];
  readonly from?: string;
  readonly json?: boolean;
}

interface ShownPlan {
  readonly loaded: LoadedExperiment;
  readonly workload: WorkloadPlan;
  readonly plan: RunPlan;
  readonly estimates: readonly CellEstimate[];
}

async function measuredIn(reference: string, host: Host): Promise<ReadonlyMap<string, number>> {
  const directory = await resolveRun(reference, { runs: resolve(host.workingDirectory, "runs") });
  return measuredEpisodeSeconds((await readRun(directory)).records);
}

function planJson({ loaded, workload, plan, estimates }: ShownPlan) {
  return {
    experiment: loaded.experiment.name,
    stack: loaded.experiment.stack.kind,
    agent: workload.agent,
    workload: workload.facts,
    episodes: plan.episodeCount,
    cells: plan.cells.map(({ cell, episodes }, index) => ({
      cellId: cell.cellId,
      arm: cell.arm.name,
      load: loadOf(cell),
      repetition: cell.repetition,
      episodes: episodes.length,
      estimatedSeconds: estimates[index]?.seconds ?? null,
      episodeIds: episodes.map(({ episodeId }) => episodeId),
    })),
  };
}

function planText({ loaded, workload, plan, estimates }: ShownPlan): string {
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
  const known = estimates.every(({ seconds }) => seconds !== null);
  const total = estimates.reduce((sum, { seconds }) => sum + (seconds ?? 0), 0);
  return [
    `${loaded.experiment.name}: ${plan.cells.length} cells x ${workload.episodes.length} episodes = ${plan.episodeCount} episodes`,
    `agent ${workload.agent.name} ${workload.agent.version}, ${JSON.stringify(workload.facts)}`,
    table.toString(),
    known
      ? `about ${clockText(total)} in all, by the measured mean length of an episode`
      : "Time is not known before something was measured: run a short sweep, then `tollgate plan FILE --from RUN`.",
  ].join("\n");
}

/** `--set` may be given more than once. */
export function collect(value: string, earlier: readonly string[]): readonly string[] {
  return [...earlier, value];
}

export function readExperiment(file: string, set: readonly string[], host: Host): LoadedExperiment {
  return loadExperiment(file, {
    set,
    environment: host.environment,
    workingDirectory: host.workingDirectory,
  });
}
