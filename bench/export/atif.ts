import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { storing } from "../store/storage-error.ts";
import { atifSteps } from "./atif-steps.ts";
import type { ExportFormat } from "./format.ts";
import type { InlinedTrajectory } from "./inlined-trajectory.ts";

const folder = "atif";

/**
 * Harbor's Agent Trajectory Interchange Format, one file per episode. Version 1.7 is the first that can say that a step
 * was made without a model call, which tau2's fixed greeting is. Source: Harbor's RFC 0001 and its pydantic models.
 */
export const atif: ExportFormat = {
  name: "atif",
  async open(directory) {
    await storing(directory, "Cannot create", () => mkdir(join(directory, folder)));
    const names: string[] = [];
    return {
      async write(trajectory) {
        const name = `${folder}/${trajectory.record.episodeId}.json`;
        const path = join(directory, name);
        await storing(path, "Cannot write", () => writeFile(path, `${textOf(trajectory)}\n`));
        names.push(name);
        return null;
      },
      close: () => Promise.resolve(names),
    };
  },
};

/** The tools go in as text, because a parser would spell their numbers anew. */
function textOf(whole: InlinedTrajectory): string {
  const { record, trajectory, recorded, tools } = whole;
  const steps = atifSteps(whole);
  const agent = JSON.stringify({ name: record.agent.name, version: record.agent.version }).slice(0, -1);
  const root = JSON.stringify({
    schema_version: "ATIF-v1.7",
    session_id: trajectory.attemptKey,
    trajectory_id: record.episodeId,
  }).slice(0, -1);
  const rest = JSON.stringify({
    steps,
    final_metrics: {
      total_prompt_tokens: record.promptTokens,
      total_completion_tokens: record.completionTokens,
      total_cached_tokens: record.cachedTokens,
      total_steps: steps.length,
      extra: { reward: record.reward, requests: record.requests, tool_errors: record.toolErrors },
    },
    extra: {
      domain: record.domain,
      task_id: record.taskId,
      trial: record.trial,
      seed: record.seed,
      arm: record.arm,
      load: record.load,
      simulated: record.simulated,
      status: record.status,
      termination: record.termination,
      reward: record.reward,
      reward_basis: record.rewardBasis,
      labels: record.labels,
      token_level: recorded?.level ?? null,
    },
  });
  return `${root},"agent":${agent},"tool_definitions":${tools}},${rest.slice(1)}`;
}
