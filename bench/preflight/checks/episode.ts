import type { Finding, PreflightRecord } from "../../store/preflight-record.ts";
import { rewardOf, type EpisodeResult, type FailureClass } from "../../workload/workload.ts";
import { failed, notChecked, ok, warning } from "../check.ts";

/**
 * The last check, made when the agent runs: the others ask servers one thing at a time, and wrong task data, a tool server that cannot be
 * reached or an answer that the agent does not read show only in a whole episode.
 */
export const episodeCheck = {
  name: "episode",
  proves: "in every arm a whole episode is played to its end by the experiment's own agent",
} as const;

/** The first episode of an arm, as it was played; nothing of it is in a cell. */
export interface PlayedEpisode {
  readonly result: EpisodeResult;
  readonly taskId: string;
  readonly requests: number;
  readonly seconds: number;
  /**
   * `limits.failures` of the run that follows: it stops by itself if what failed goes on failing. 0: it does not, or none follows.
   */
  readonly failuresMax: number;
}

/** Parts that may fail once: what did not come back from a server may come back the next time. */
const servers: ReadonlySet<FailureClass> = new Set(["engine", "gateway", "user-engine"]);

/** What an episode says about its arm. The reward says nothing about it: that a model fails at a task is a result. */
export function episodeFinding(on: string, played: PlayedEpisode): Finding {
  const { result, taskId, requests, seconds, failuresMax } = played;
  const end = result.termination ?? result.status;
  const reward = rewardOf(result)?.value;
  const facts = `task ${taskId}: ${end}, reward ${reward ?? "not judged"}, ${requests} requests, ${seconds.toFixed(1)} s`;
  const why = result.terminationDetail === null ? "" : `: ${result.terminationDetail}`;
  switch (result.status) {
    case "cancelled":
      return notChecked(on, "its episode was cancelled");
    case "failed": {
      const { class: part, message } = result.failure;
      const what = `task ${taskId} failed after ${requests} requests and ${seconds.toFixed(1)} s: ${part}: ${message}`;
      return failuresMax > 0 && servers.has(part)
        ? warning(
            on,
            what,
            `It may be chance, so the run goes on; it stops after ${failuresMax} such episodes in a row (limits.failures).`,
          )
        : failed(
            on,
            what,
            "Every episode may fail like this one: repair that part, see the logs folder of the run.",
          );
    }
    case "timed-out":
      return warning(
        on,
        `${facts}${why}`,
        "Set limits.episodeSeconds higher if episodes take this long here.",
      );
    case "completed":
      return end === "agent_error"
        ? warning(
            on,
            `${facts}${why}`,
            "The agent gave up, which counts as reward 0: look whether the model's answers can be read.",
          )
        : ok(on, facts);
  }
}

/** The check in a preflight's record. */
export function episodeCheckOf(findings: readonly Finding[] | null): PreflightRecord["checks"][number] {
  return { ...episodeCheck, skipped: findings === null, findings: [...(findings ?? [])] };
}
