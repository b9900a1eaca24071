import { expect, test } from "vitest";
import { readEntries } from "../../bench/mlflow/entries/read-entries.ts";
import { logEntries, logRun } from "../../bench/mlflow/log-run.ts";
import { startFakeMlflow } from "./fake-mlflow.ts";
import { options, StoredRunFolder } from "./stored-run.ts";

test("a run whose folder has a quote in its name is found again", async () => {
  using run = await StoredRunFolder.of("sweep");
  await using server = await startFakeMlflow();
  const entries = await readEntries(run.directory);
  const log = (runId: string) => logEntries({ ...entries, runId }, run.directory, options(server.url));
  expect(await log("it's whole")).toMatchObject({ already: false });
  expect(await log("it's whole")).toMatchObject({ already: true });
  await expect(log(`it's "whole"`)).rejects.toThrow(/quotes of both kinds.*plainer -o/);
});

test("a page that is its own next one is not read for ever", async () => {
  using run = await StoredRunFolder.of("sweep");
  const body = '{"runs": [], "next_page_token": "again"}';
  await using server = await startFakeMlflow({ faults: [{ on: /runs\/search/, status: 200, body }] });
  await expect(logRun(run.directory, options(server.url))).rejects.toThrow(/the same page again and again/);
});

test("traces for a server that has none are not passed over in silence", async () => {
  using run = await StoredRunFolder.of("sweep");
  await using server = await startFakeMlflow({ version: "2.21.3" });
  const logged = await logRun(run.directory, options(server.url, { traces: true }));
  expect(logged).toMatchObject({
    traces: 0,
    warnings: [expect.stringContaining("MLflow 2.21.3, and traces need version 3")],
  });
});

test("a value that a run has no more is named, because MLflow removes none", async () => {
  using run = await StoredRunFolder.of("sweep");
  await using server = await startFakeMlflow();
  const entries = await readEntries(run.directory);
  const [part, ...parts] = entries.parts;
  if (part === undefined) throw new Error("the run has a cell");
  const before = {
    ...part,
    metrics: [...part.metrics, { key: "refused_since", value: 3, step: 0, atMs: 1 }],
  };
  await logEntries({ ...entries, parts: [before, ...parts] }, run.directory, options(server.url));
  const logged = await logEntries(entries, run.directory, options(server.url));
  expect(logged.warnings).toEqual([
    expect.stringMatching(
      /MLflow removes no value, so refused_since stand there although the run has them no more/,
    ),
  ]);
});
