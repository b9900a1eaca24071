import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { storing } from "../store/storage-error.ts";
import { restoreLiterals } from "../gateway/rendering/python-literals.ts";
import { atifSteps, type AtifStep } from "./atif-steps.ts";
import type { ExportFormat } from "./format.ts";
import type { InlinedTrajectory } from "./inlined-trajectory.ts";

const folder = "atif";

/**
 * Harbor's Agent Trajectory Interchange Format, one file per episode. Version 1.8, of which the
 * package `atif` holds the models. A step without a model call, which tau2's fixed greeting is, says so.
 */
export const atif: ExportFormat = {
  name: "atif",
  async open(directory) {
    await storing(directory, "Cannot create", () => mkdir(join(directory, folder)));
    const names: string[] = [];
    return {
      async write(trajectory) {
        if (hasBrokenText(trajectory))
          return { reason: "a text holds half of a surrogate pair, which no reader of JSON in Python takes" };
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

function hasBrokenText({ trajectory, system }: InlinedTrajectory): boolean {
  const texts = trajectory.messages.flatMap((message) =>
    message.role === "tool"
      ? [message.content]
      : [
          message.content ?? "",
          message.reasoning ?? "",
          ...(message.toolCalls ?? []).map((call) => call.arguments),
        ],
  );
  return [system, ...texts].some((text) => !text.isWellFormed());
}

/** Over the steps, as ATIF defines it; null where no step says anything. */
function total(
  steps: readonly AtifStep[],
  of: "prompt_tokens" | "completion_tokens" | "cached_tokens",
): number | null {
  const known = steps.flatMap(({ metrics }) => metrics?.[of] ?? []);
  return known.length === 0 ? null : known.reduce((sum, tokens) => sum + tokens, 0);
}

/** The tools go in as text, because a parser would spell their numbers anew. */
function textOf(whole: InlinedTrajectory): string {
  const { record, trajectory, recorded, tools } = whole;
  const steps = atifSteps(whole);
  const agent = JSON.stringify({ name: record.agent.name, version: record.agent.version }).slice(0, -1);
  const root = JSON.stringify({
    schema_version: "ATIF-v1.8",
    session_id: trajectory.attemptKey,
    trajectory_id: record.episodeId,
  }).slice(0, -1);
  const rest = JSON.stringify({
    steps,
    final_metrics: {
      total_prompt_tokens: total(steps, "prompt_tokens"),
      total_completion_tokens: total(steps, "completion_tokens"),
      total_cached_tokens: total(steps, "cached_tokens"),
      total_steps: steps.length,
      extra: {
        reward: record.reward,
        requests: record.requests,
        tool_errors: record.toolErrors,
        // Of all requests: one that gave no message of the conversation is in no step.
        requests_prompt_tokens: record.promptTokens,
        requests_completion_tokens: record.completionTokens,
        requests_cached_tokens: record.cachedTokens,
      },
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
  return `${root},"agent":${agent},"tool_definitions":${tools}},${restoreLiterals(rest).slice(1)}`;
}
