import { expect, test } from "vitest";
import { expectEngineTokens, recordedRun } from "./recorded-run.ts";

/** All ten tasks of our own domain through real OpenClaw. */
test.each(["L1", "L2"] as const)(
  "at %s every exported token and logprob of an OpenClaw episode is the engine's own",
  async (level) => {
    const { outcomes, episodes, log } = await recordedRun({ kind: "openclaw" }, { tasks: 10, level });
    expect(outcomes.map(({ status, reward }) => [status, reward])).toEqual(
      outcomes.map(() => ["completed", 1]),
    );
    expect(episodes.map((episode) => [episode.level, episode.dropped])).toEqual(
      outcomes.map(() => [level, []]),
    );
    for (const episode of episodes) expectEngineTokens(episode, log);
    expect(episodes.every(({ calls }) => calls.length > 1)).toBe(true);
  },
  600_000,
);
