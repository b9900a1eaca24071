import { expect, test } from "vitest";
import { expectEngineTokens, recordedRun } from "./recorded-run.ts";

test.each(["L1", "L2"] as const)(
  "at %s every exported token and logprob is the engine's own",
  async (level) => {
    const { outcomes, episodes, log } = await recordedRun({ kind: "native" }, { tasks: 2, level });
    expect(outcomes.map(({ status, reward }) => [status, reward])).toEqual(
      outcomes.map(() => ["completed", 1]),
    );
    expect(episodes.map((episode) => [episode.level, episode.recorder, episode.dropped])).toEqual(
      outcomes.map(() => [level, "tollgate", []]),
    );
    for (const episode of episodes) expectEngineTokens(episode, log);
    const recorded = episodes.reduce((sum, { calls }) => sum + calls.length, 0);
    const agentCalls = log.filter(({ headers }) => headers["x-tollgate-episode"] !== undefined);
    expect([recorded, new Set(agentCalls.map(({ endpoint }) => endpoint))]).toEqual([
      agentCalls.length,
      new Set([level === "L1" ? "/v1/chat/completions" : "/generate"]),
    ]);
  },
  120_000,
);
