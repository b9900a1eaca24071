import { globSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { zstdDecompressSync } from "node:zlib";
import { expect, test } from "vitest";
import { attemptLineSchema } from "../../suites/tasks/attempts/attempt-line.ts";
import { expectHandComputed } from "./own-tasks.ts";
import { fastEngine, lastLine, sound, unchecked, Workplace } from "./small-experiment.ts";
import { cellSummaries, episodesOf, expectExit } from "./tollgate-process.ts";

const settings = (workload: Readonly<Record<string, unknown>>) => ({
  stack: { kind: "embedded", agent: fastEngine, user: fastEngine },
  agent: { kind: "native" },
  workload: { kind: "tasks", ...workload },
  sweep: { concurrency: [4] },
});

/** All that went to the model, as both taps have kept it. */
function requestsIn(run: string): string {
  const files = globSync(join(run, "evidence/*/*/bodies.ndjson.zst"));
  expect(files.length).toBeGreaterThan(0);
  return files.map((file) => zstdDecompressSync(readFileSync(file)).toString("utf8")).join("\n");
}

test("our own tasks are worth what was computed by hand, in both arms, and nothing expected reaches the model", async () => {
  using place = new Workplace(settings({}));
  const finished = await place.sweep(...unchecked);
  expectExit(finished, 0);
  const run = lastLine(finished);
  const episodes = episodesOf(run);
  expect(episodes).toHaveLength(22);
  for (const episode of episodes) expectHandComputed(episode, "agentbench", "good");
  expect(Object.values(cellSummaries(run)).map(({ verdict }) => verdict)).toEqual([sound, sound]);
  const requests = requestsIn(run);
  // Words of validators, scores and files that no task gives away.
  for (const hidden of [
    "layer0_weight",
    "expected_outputs",
    "file-exists",
    "response-contains",
    "expected.json",
  ])
    expect(requests.includes(hidden)).toBe(false);
  expect(requests).toContain("shopping");
  const lines = globSync(join(run, "evidence/c4*/*/tasks.ndjson")).flatMap((file) =>
    readFileSync(file, "utf8").trimEnd().split("\n"),
  );
  const attempts = lines.map((line) => attemptLineSchema.parse(JSON.parse(line)));
  const keys = (of: readonly { readonly attemptKey?: string | undefined }[]) =>
    new Set(of.map(({ attemptKey }) => attemptKey));
  expect(attempts).toHaveLength(22);
  expect(keys(attempts)).toEqual(keys(episodes));
});

test("so are those in ClawBench's format, with a background service and two sessions", async () => {
  using place = new Workplace(settings({ format: "clawbench" }));
  place.write({ ...settings({ format: "clawbench" }), arms: [{ kind: "raw" }] });
  const finished = await place.sweep(...unchecked);
  expectExit(finished, 0);
  const run = lastLine(finished);
  const episodes = episodesOf(run);
  expect(episodes).toHaveLength(3);
  for (const episode of episodes) expectHandComputed(episode, "clawbench", "good");
});
