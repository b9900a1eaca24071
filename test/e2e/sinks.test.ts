import { readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { lastLine, unchecked, Workplace } from "./small-experiment.ts";
import { episodesOf, expectExit } from "./tollgate-process.ts";

test("a run's events reach its jsonl sink; a sink that cannot write leaves the run as it is", async () => {
  using place = new Workplace();
  const path = join(place.path, "events", "all.jsonl");
  place.write({
    arms: [{ kind: "raw" }],
    sinks: [
      { kind: "jsonl", path },
      { kind: "jsonl", path: "/dev/full" },
    ],
  });
  const swept = await place.sweep(...unchecked);
  expectExit(swept, 0);
  const run = lastLine(swept);
  const events = readFileSync(path, "utf8")
    .trimEnd()
    .split("\n")
    .map((line) => JSON.parse(line) as Record<string, unknown>);
  expect(events.map(({ type }) => type)).toEqual(["run-started", "episode", "episode", "cell", "run-ended"]);
  expect(events[0]).toMatchObject({ runDirectory: run, resumed: false, run: { experiment: "small" } });
  const ids = (records: readonly object[]) =>
    records.map((record) => "episodeId" in record && record.episodeId);
  expect(ids(events.slice(1, 3))).toEqual(ids(episodesOf(run)));
  expect(events.at(-1)).toMatchObject({ reason: "complete", exitCode: 0, error: null });
  expect(swept.stderr.match(/^sink jsonl\b.*$/gm)).toHaveLength(2);
  expect(readFileSync(join(run, "logs", "sinks.log"), "utf8")).toContain("0 of 5 events delivered");
});
