import { globSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { attemptLineSchema } from "../../suites/tasks/attempts/attempt-line.ts";
import { fastEngine, lastLine, unchecked, Workplace } from "./small-experiment.ts";
import { episodesOf, expectExit } from "./tollgate-process.ts";

test("a task that asks for a browser, where the agent has none, is no attempt of the model: named, kept, nobody's score", async () => {
  using place = new Workplace({
    stack: { kind: "embedded", agent: fastEngine, user: fastEngine },
    agent: { kind: "native" },
    arms: [{ kind: "raw" }],
    workload: { kind: "tasks", folder: join(import.meta.dirname, "browser-task") },
    sweep: { concurrency: [1] },
  });
  const finished = await place.sweep(...unchecked);
  expectExit(finished, 0);
  expect(finished.stderr).toContain("Agent native has no browser here, which t2-guest-book asks for");
  const run = lastLine(finished);
  expect(episodesOf(run)).toMatchObject([
    {
      status: "completed",
      termination: "no_browser",
      terminationDetail: "agent native has no browser here",
      reward: null,
      scores: [{ name: "clawbench", value: null, passed: null }],
    },
  ]);
  const [file = ""] = globSync(join(run, "evidence/c1*/*/tasks.ndjson"));
  const line = attemptLineSchema.parse(JSON.parse(readFileSync(file, "utf8").trimEnd()));
  expect(line).toMatchObject({ score: null, observation: { calls: [], turns: [], modelCalls: 0 } });
});
