import { mkdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { startReceiver, type ReceivedSpan } from "../otlp/otlp-receiver.ts";
import { lastLine, unchecked, Workplace } from "./small-experiment.ts";
import { episodesOf, expectExit, tollgate } from "./tollgate-process.ts";

const attribute = (span: ReceivedSpan, name: string) => {
  const value = span.attributes.find(({ key }) => key === name)?.value;
  return value === undefined ? undefined : Object.values(value)[0];
};

test("a sweep sends its traces, leaves JUnit XML and a job's summary, and its requests are tables", async () => {
  await using receiver = await startReceiver();
  using place = new Workplace({ sinks: [{ kind: "otlp", endpoint: receiver.url }] });
  const [junit, summary] = [join(place.path, "ci", "junit.xml"), join(place.path, "summary.md")];
  const swept = await tollgate(["sweep", place.file, "--out", place.runs, "--junit", junit, ...unchecked], {
    ...place.environment,
    GITHUB_STEP_SUMMARY: summary,
  });
  expectExit(swept, 0);
  const run = lastLine(swept);
  const episodes = episodesOf(run);

  const spans = receiver.received.flatMap(({ spans }) => spans);
  const roots = spans.filter(({ parentSpanId }) => parentSpanId === undefined);
  expect(new Set(roots.map((span) => attribute(span, "gen_ai.conversation.id")))).toEqual(
    new Set(episodes.map(({ episodeId }) => episodeId)),
  );
  expect(roots).toHaveLength(episodes.length);
  const ids = new Set(spans.map(({ spanId }) => spanId));
  expect(spans.filter(({ parentSpanId }) => parentSpanId !== undefined && !ids.has(parentSpanId))).toEqual(
    [],
  );
  const outer = spans.filter((span) => attribute(span, "tollgate.hop") === "outer");
  expect(outer).toHaveLength(episodes.reduce((sum, { requests }) => sum + requests, 0));
  expect(spans.filter(({ name }) => name.startsWith("execute_tool "))).toHaveLength(
    episodes.reduce((sum, { toolCalls }) => sum + toolCalls, 0),
  );

  expect(readFileSync(junit, "utf8")).toMatch(/<testsuite name="small" tests="3" failures="0" errors="0"/);
  expect(readFileSync(summary, "utf8")).toMatch(/^### small: usable, simulated engines\n\n```text\nsmall\s/);

  const out = join(place.path, "tables");
  const exported = await tollgate(["export", run, "--format", "requests", "-o", out]);
  expectExit(exported, 0);
  const { counts } = JSON.parse(exported.stdout) as { counts: Readonly<Record<string, unknown>> };
  expect(counts).toMatchObject({ episodes: episodes.length, requestsByHop: { outer: outer.length } });
  expect(readFileSync(join(out, "requests.csv"), "utf8").split("\n")[0]).toMatch(
    /^run_id,experiment,simulated,/,
  );

  const again = await tollgate([
    "export",
    run,
    "--format",
    "otlp",
    "--endpoint",
    receiver.url,
    "--protocol",
    "http/json",
    "-o",
    join(place.path, "traces"),
  ]);
  expectExit(again, 0);
  expect(JSON.parse(again.stdout)).toMatchObject({
    episodes: episodes.length,
    spans: spans.length,
    sent: spans.length,
    rejected: 0,
  });
  const later = receiver.received.flatMap(({ spans }) => spans).slice(spans.length);
  expect(new Set(later.map(({ spanId }) => spanId))).toEqual(ids);
});

test("a collector that is not there, a JUnit file that cannot be written: the run is whole, and both are said", async () => {
  using place = new Workplace({
    arms: [{ kind: "raw" }],
    sinks: [{ kind: "otlp", endpoint: "http://127.0.0.1:9" }],
  });
  mkdirSync(join(place.path, "taken"));
  const swept = await tollgate(
    ["sweep", place.file, "--out", place.runs, "--junit", join(place.path, "taken"), ...unchecked],
    {
      ...place.environment,
      GITHUB_STEP_SUMMARY: join(place.path, "no-folder", "summary.md"),
    },
  );
  expectExit(swept, 2);
  const run = lastLine(swept);
  expect(episodesOf(run)).toHaveLength(2);
  expect(readFileSync(join(run, "records.jsonl"), "utf8")).toMatch(/"type":"run-ended".*"exitCode":0/);
  expect(swept.stderr).toMatch(
    /sink otlp could not be given the event run-ended: http:\/\/127\.0\.0\.1:9\/v1\/traces did not take the spans.*Send them later: tollgate export/,
  );
  expect(swept.stderr).toMatch(/warning: the job's summary could not be written: ENOENT/);
  expect(swept.stderr).toMatch(/taken cannot be written: EISDIR/);
});
