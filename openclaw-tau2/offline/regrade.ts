import { finishedEpisodes } from "../../bench/store/progress.ts";
import { readRun, readTrajectories } from "../../bench/store/read-run.ts";
import { EvaluationError, evaluate } from "../tau2/evaluation/evaluate.ts";
import { tau2Messages } from "../transcript/tau2-messages.ts";
import { storedDomain } from "./stored-domain.ts";

export interface Regrade {
  readonly episodes: number;
  readonly equal: number;
  readonly differences: readonly {
    readonly episodeId: string;
    readonly taskId: string;
    readonly recorded: number | null;
    readonly offline: number | string | null;
  }[];
}

/**
 * Evaluates the stored trajectories of a run again, in fresh databases and from the stored text alone, and compares the
 * reward with the one on record. Episodes that failed were never judged and are left out.
 */
export async function regradeRun(
  directory: string,
  environment: Readonly<Record<string, string | undefined>>,
): Promise<Regrade> {
  const run = await readRun(directory);
  const { domain } = storedDomain(run.identity, environment);
  const tasks = new Map(domain.tasks.map((task) => [task.id, task]));
  const finished = finishedEpisodes(run.records);
  const differences: Regrade["differences"][number][] = [];
  let episodes = 0;
  for await (const { trajectory } of readTrajectories(directory)) {
    const record = finished.get(trajectory.episodeId);
    const task = tasks.get(trajectory.taskId);
    const judged = record?.attemptKey === trajectory.attemptKey && record.status !== "failed";
    if (!judged || !task) continue;
    episodes += 1;
    const offline = offlineReward(() =>
      evaluate(domain, {
        task,
        messages: tau2Messages(trajectory.messages),
        terminationReason: trajectory.termination ?? "infrastructure_error",
        solo: false,
        strictReplay: true,
        judge: null,
      }),
    );
    if (offline === record.reward) continue;
    differences.push({ episodeId: record.episodeId, taskId: task.id, recorded: record.reward, offline });
  }
  return { episodes, equal: episodes - differences.length, differences };
}

/** An evaluation that raises is an answer as well: tau2 gives no reward then. */
function offlineReward(grade: () => { readonly reward: number | null }): number | string | null {
  try {
    return grade().reward;
  } catch (error) {
    if (error instanceof EvaluationError) return error.message;
    throw error;
  }
}
