import { expect, test } from "vitest";
import { expectHandComputed } from "./own-tasks.ts";
import { fastEngine, lastLine, unchecked, Workplace } from "./small-experiment.ts";
import { episodesOf, expectExit } from "./tollgate-process.ts";

const cases = (["agentbench", "clawbench"] as const).flatMap((format) =>
  ["sloppy", "malicious"].map((script) => ({ format, script })),
);

test.each(cases)(
  "$script scripts of our $format tasks are worth what was computed by hand",
  async ({ format, script }) => {
    using place = new Workplace({
      stack: { kind: "embedded", agent: fastEngine, user: fastEngine },
      arms: [{ kind: "raw" }],
      workload: { kind: "tasks", format, script },
      sweep: { concurrency: [4] },
    });
    const finished = await place.sweep(...unchecked);
    expectExit(finished, 0);
    const episodes = episodesOf(lastLine(finished));
    expect(episodes.length).toBeGreaterThan(2);
    for (const episode of episodes) expectHandComputed(episode, format, script);
  },
);
