import { globSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { attemptLineSchema } from "../../suites/tasks/attempts/attempt-line.ts";
import { fastEngine, lastLine, unchecked, Workplace } from "./small-experiment.ts";
import { episodesOf, expectExit } from "./tollgate-process.ts";

test("real OpenClaw signs a guest book in a real Chromium, in the task's sandbox", async () => {
  using place = new Workplace({
    stack: { kind: "embedded", agent: fastEngine, user: fastEngine },
    agent: { kind: "openclaw" },
    arms: [{ kind: "raw" }],
    workload: { kind: "tasks", folder: join(import.meta.dirname, "browser-task"), keepWorkspace: true },
    sweep: { concurrency: [1] },
  });
  const finished = await place.sweep(...unchecked);
  expectExit(finished, 0);
  expect(finished.stderr).not.toMatch(/browser here|chromium is not/);
  const run = lastLine(finished);
  const [file = ""] = globSync(join(run, "evidence/c1*/*/tasks.ndjson"));
  const { observation } = attemptLineSchema.parse(JSON.parse(readFileSync(file, "utf8").trimEnd()));
  expect(observation.calls.map(({ name, error, result }) => [name, error, error ? result : ""])).toEqual(
    ["browser", "browser", "browser", "browser", "read"].map((name) => [name, false, ""]),
  );
  const [signed = ""] = globSync(join(run, "evidence/c1*/*/workspaces/*/guests.txt"));
  expect(readFileSync(signed, "utf8")).toBe("Ada signed\n");
  const [episode] = episodesOf(run);
  const value = (name: string) => episode?.scores?.find((score) => score.name === name)?.value;
  expect([episode?.termination, value("completion")]).toEqual(["finished", 1]);
}, 900_000);
