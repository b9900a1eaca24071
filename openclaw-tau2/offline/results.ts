import { join } from "node:path";
import { finishedEpisodes, segmentsOf, type Segment } from "../../bench/store/progress.ts";
import { judgedTrajectory, readJudgedRun, type Judgements } from "../../bench/store/judgements.ts";
import { readTrajectories } from "../../bench/store/read-run.ts";
import type { EpisodeRecord, Trajectory } from "../../bench/store/record.ts";
import { checkoutFactsSchema } from "../tau2/schemas/checkout.ts";
import {
  writeResultsFile,
  type ResultsMessage,
  type ResultsRun,
  type ResultsSimulation,
} from "../tau2/results/results-file.ts";
import type { RunJson } from "../../bench/store/run-json.ts";
import { tau2Messages } from "../transcript/tau2-messages.ts";
import { storedDomain } from "./stored-domain.ts";

/**
 * Writes one `results.json` per arm and load of a run, in tau2's own format, into `out`. A cell's repetitions become
 * further trials of its tasks. Returns the files' names.
 */
export async function exportTau2Results(
  directory: string,
  out: string,
  environment: Readonly<Record<string, string | undefined>>,
): Promise<string[]> {
  const run = await readJudgedRun(directory);
  const { workload, domain } = storedDomain(run.identity, environment);
  const finished = finishedEpisodes(run.records);
  const used = new Set([...finished.values()].map(({ taskId }) => taskId));
  const header: ResultsRun = {
    startedAt: new Date(run.identity.createdAt),
    gitCommit: commitOf(run.identity),
    domain: domain.name,
    policy: domain.policy,
    trialsPerTask: workload.trials * repetitionsOf([...finished.values()]),
    maxSteps: workload.maxSteps,
    maxErrors: workload.maxErrors,
    seed: workload.seed,
    agent: { implementation: run.identity.agent.name, model: null, modelArguments: {} },
    user: {
      implementation: "user_simulator",
      model: null,
      modelArguments: { temperature: 0 },
      guidelines: null,
    },
    tasks: domain.tasks.filter(({ id }) => used.has(id)),
  };
  const groups = [...new Set([...finished.values()].map(groupOf))];
  const names: string[] = [];
  for (const group of groups) {
    const name = `results-${group}.json`;
    await writeResultsFile(
      join(out, name),
      header,
      simulationsOf(directory, {
        finished,
        group,
        trials: workload.trials,
        segments: segmentsOf(run.records),
        judgements: run.judgements,
      }),
    );
    names.push(name);
  }
  return names;
}

/** The commit of the checkout that the run used; tau2 itself writes `unknown` where there is none. */
function commitOf({ workload }: RunJson): string {
  return checkoutFactsSchema.safeParse(workload["checkout"]).data?.commit ?? "unknown";
}

const groupOf = ({ arm, load }: EpisodeRecord) => `${arm}-${load.replace(":", "")}`;

function repetitionsOf(episodes: readonly EpisodeRecord[]): number {
  return new Set(episodes.map(({ repetition }) => repetition)).size;
}

interface Selection {
  readonly finished: ReadonlyMap<string, EpisodeRecord>;
  readonly group: string;
  readonly trials: number;
  readonly segments: readonly Segment[];
  readonly judgements: Judgements;
}

/** Records carry monotonic time; the segment's start knows what o'clock that was. */
function wallClockOf(record: EpisodeRecord, segments: readonly Segment[]): Date {
  const segment = segments.find(
    ({ cellId, segmentId }) => cellId === record.cellId && segmentId === record.segmentId,
  );
  if (!segment)
    throw new Error(`episode ${record.episodeId} names segment ${record.segmentId}, which never started`);
  return new Date(Date.parse(segment.at) + (record.startedNs - segment.startedNs) / 1e6);
}

async function* simulationsOf(directory: string, selection: Selection): AsyncGenerator<ResultsSimulation> {
  for await (const { trajectory: stored } of readTrajectories(directory)) {
    const trajectory = judgedTrajectory(stored, selection.judgements);
    const record = selection.finished.get(trajectory.episodeId);
    if (record?.attemptKey !== trajectory.attemptKey || groupOf(record) !== selection.group) continue;
    yield {
      id: record.episodeId,
      taskId: record.taskId,
      trial: record.trial + record.repetition * selection.trials,
      seed: record.seed,
      startedAt: wallClockOf(record, selection.segments),
      durationMs: (record.endedNs - record.startedNs) / 1e6,
      // Episodes that a part of the stack has spoilt count for nobody, as in tau2.
      terminationReason:
        record.status === "failed" ? "infrastructure_error" : (record.termination ?? "unexpected_error"),
      messages: resultsMessages(trajectory),
      rewardInfoText: trajectory.rewardInfo === null ? null : JSON.stringify(trajectory.rewardInfo),
      info: {
        episodeId: record.episodeId,
        arm: record.arm,
        load: record.load,
        labels: record.labels.join(" "),
      },
    };
  }
}

function resultsMessages(trajectory: Trajectory): ResultsMessage[] {
  return tau2Messages(trajectory.messages).map((message, index) => {
    const stored = trajectory.messages[index];
    return { ...message, at: null, usage: stored && stored.role !== "tool" ? stored.usage : null };
  });
}
