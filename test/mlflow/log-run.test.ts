import { appendFileSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { expect, test } from "vitest";
import { MlflowConnection } from "../../bench/mlflow/client/connection.ts";
import { MlflowClient } from "../../bench/mlflow/client/mlflow-client.ts";
import { readEntries } from "../../bench/mlflow/entries/read-entries.ts";
import { experimentFor } from "../../bench/mlflow/experiment.ts";
import { logEntries, logRun } from "../../bench/mlflow/log-run.ts";
import { createRecords } from "../../bench/mlflow/run-record.ts";
import type { ReportModel } from "../../bench/report/model/report-model.ts";
import { buildReport } from "../../bench/report/build-report.ts";
import { buildFeedbackReport } from "../../bench/feedback/report/feedback-report.ts";
import { TemporaryFolder } from "../e2e/tollgate-process.ts";
import { writeFeedbackRun } from "../feedback/run-folders.ts";
import { startFakeMlflow, type Fault } from "./fake-mlflow.ts";
import { latest } from "./fake-store.ts";
import { options, StoredRunFolder } from "./stored-run.ts";

type Fake = Awaited<ReturnType<typeof startFakeMlflow>>;

function part(server: Fake, name: string) {
  const found = server.store.byPart().get(name);
  if (found === undefined) throw new Error(`no run of ${name} there`);
  return found;
}

const values = (server: Fake, name: string) =>
  new Map(latest(part(server, name).points).map(({ key, value }) => [key, value]));

/** Everything that is there, without what is of the moment. */
function contents(server: Fake) {
  return [...server.store.byPart()].map(([name, run]) => [
    name,
    run.status,
    Object.fromEntries(run.params),
    Object.fromEntries([...run.tags].filter(([key]) => !/logged_at_ms|parentRunId/.test(key))),
    run.points,
    run.datasets,
  ]);
}

test("a run with a child per cell: what the report says is what stands there, and what it does not say does not", async () => {
  using run = await StoredRunFolder.of("sweep");
  await using server = await startFakeMlflow();
  const logged = await logRun(run.directory, options(server.url, { tables: true }));
  const report: ReportModel = await buildReport(run.directory);
  expect(logged).toMatchObject({ status: "FINISHED", already: false, warnings: [], traces: null });
  expect(logged.children).toBe(report.cells.length);
  const whole = part(server, "run");
  expect(whole).toMatchObject({ status: "FINISHED", name: report.run.runId, experimentId: "1" });
  expect(whole.tags.get("mlflow.note.content")).toContain("SIMULATED");
  expect(whole.tags.get("tollgate.simulated")).toBe("true");
  expect(logged.url).toBe(`${server.url}/#/experiments/1/runs/${whole.runId}`);
  for (const cell of report.cells) {
    const child = part(server, cell.cellId);
    expect(child.tags.get("mlflow.parentRunId")).toBe(whole.runId);
    expect(child.tags.get("tollgate.verdict")).toBe(cell.verdict);
    expect(Object.fromEntries(child.params)).toMatchObject({ arm: cell.arm, load: cell.load });
    const there = values(server, cell.cellId);
    expect(there.get("ttft_ms_p50")).toBe(cell.ttftMs.p50.value ?? undefined);
    expect(there.get("pass_rate")).toBe(cell.passRate.value ?? undefined);
    expect(there.get("output_tokens_per_second")).toBe(cell.rates.outputTokensPerSecond.value ?? undefined);
    // No value of this run is a number that nobody measured.
    expect([...there.values()].every((value) => Number.isFinite(value))).toBe(true);
    const place = `${cell.arm}/${cell.load.replaceAll(":", "-")}`;
    const series = whole.points.filter(({ key }) => key === `${place}/e2e_ms_p50`);
    expect(series.map(({ step, value }) => [step, value])).toContainEqual([
      cell.repetition,
      cell.e2eMs.p50.value,
    ]);
  }
  const names = [...server.store.artifacts.keys()].map((name) => name.split("/artifacts/")[1]);
  expect(new Set(names)).toEqual(
    new Set([
      "report/cells.csv",
      "report/report.html",
      "report/report.json",
      "report/report.md",
      "run.json",
      "tables/episodes.parquet",
      "tables/requests.parquet",
    ]),
  );
  const json = server.store.artifacts.get(`1/${whole.runId}/artifacts/report/report.json`);
  expect((JSON.parse(String(json)) as ReportModel).cells).toEqual(report.cells);
});

test("logged again, nothing is added or changed, and nothing but a search is asked", async () => {
  using run = await StoredRunFolder.of("sweep");
  await using server = await startFakeMlflow();
  const first = await logRun(run.directory, options(server.url));
  const before = contents(server);
  const calls = server.calls.length;
  expect(await logRun(run.directory, options(server.url))).toMatchObject({
    already: true,
    runId: first.runId,
    metrics: 0,
    artifacts: 0,
  });
  expect(contents(server)).toEqual(before);
  expect(new Set(server.calls.slice(calls).map((call) => call.replace(/.*\//, "")))).toEqual(
    new Set(["get-by-name", "search"]),
  );
});

test("cut off at any request, the next time goes on: at the end all is there as if nothing had happened", async () => {
  using run = await StoredRunFolder.of("sweep");
  const entries = await readEntries(run.directory);
  const log = (server: Fake) => logEntries(entries, run.directory, options(server.url, { pausesMs: [1] }));
  await using whole = await startFakeMlflow();
  await log(whole);
  const total = whole.calls.length;
  expect(total).toBeGreaterThan(15);
  for (let after = 0; after < total; after += 1) {
    // Nobody is there for the rest of the first time, and for a part of the second.
    const faults: readonly Fault[] = [
      { on: /./, after, times: 2, status: 503 },
      { on: /log-batch/, after: after + 6, times: 2, losesAnswer: true },
    ];
    await using server = await startFakeMlflow({ faults });
    await log(server).catch(() => undefined);
    await log(server).catch(() => undefined);
    await log(server);
    expect(contents(server)).toEqual(contents(whole));
    const active = server.store.runs.filter(({ lifecycle }) => lifecycle === "active");
    expect(active).toHaveLength(whole.store.runs.length);
  }
});

test("an answer that is lost on its way makes no second run", async () => {
  using run = await StoredRunFolder.of("sweep");
  await using server = await startFakeMlflow({
    faults: [{ on: /runs\/create/, times: 3, losesAnswer: true }],
  });
  const logged = await logRun(run.directory, options(server.url));
  expect(server.store.runs).toHaveLength(logged.children + 1);
});

/** So long as here nobody's request takes. */
const pausesMs = [1_000, 1, 1, 1, 1];

test("two who log the same run at once make one of it", async () => {
  using run = await StoredRunFolder.of("sweep");
  await using server = await startFakeMlflow();
  let now = 1;
  const nowMs = () => now++;
  const log = () => logRun(run.directory, options(server.url, { nowMs, pausesMs }));
  const both = await Promise.all([log(), log(), log()]);
  expect(new Set(both.map(({ runId }) => runId)).size).toBe(1);
  const active = server.store.runs.filter(({ lifecycle }) => lifecycle === "active");
  expect(active).toHaveLength((both[0]?.children ?? 0) + 1);
});

test("a part whose record arrives later than the one of somebody who began later is kept, and the other one goes", async () => {
  using run = await StoredRunFolder.of("sweep");
  await using server = await startFakeMlflow();
  const { target, ...rest } = options(server.url, { pausesMs });
  const connection = () => new MlflowConnection(target, rest);
  /** One whose requests are slow, as from a busy machine. */
  class SlowClient extends MlflowClient {
    override async createRun(...given: Parameters<MlflowClient["createRun"]>) {
      await sleep(150);
      return super.createRun(...given);
    }
  }
  const clients = [new SlowClient(connection()), new MlflowClient(connection())];
  const experimentId = await experimentFor(new MlflowClient(connection()), target);
  const { runId, parts } = await readEntries(run.directory);
  const place = { experimentId, runId, user: target.user, parentId: "somebody's" };
  const records = await Promise.all(
    clients.map((client, at) => createRecords(client, parts.slice(0, 1), { place, nowMs: () => at + 1 })),
  );
  expect(new Set(records.flat().map(({ info }) => info.run_id)).size).toBe(1);
  expect(server.store.runs.map(({ lifecycle }) => lifecycle).toSorted()).toEqual(["active", "deleted"]);
});

test("a database that refuses what another process has just written is asked what it has", async () => {
  using run = await StoredRunFolder.of("sweep");
  const body =
    '{"error_code":"BAD_REQUEST","message":"(sqlite3.IntegrityError) UNIQUE constraint failed: params.key"}';
  await using server = await startFakeMlflow({
    faults: [{ on: /log-batch/, times: 2, status: 400, body }],
  });
  await using whole = await startFakeMlflow();
  await logRun(run.directory, options(server.url));
  await logRun(run.directory, options(whole.url));
  expect(contents(server)).toEqual(contents(whole));
});

test("what a judge has changed afterwards is the latest value at its step, whether greater or smaller", async () => {
  using run = await StoredRunFolder.of("variants", "verified-runs");
  await using server = await startFakeMlflow();
  const nowMs = () => Date.parse("2026-12-24T00:00:00Z");
  await logRun(run.directory, options(server.url, { nowMs }));
  const before = part(server, "run").points.length;
  const path = join(run.directory, "records.jsonl");
  const lines = readFileSync(path, "utf8").trimEnd().split("\n");
  const turned = lines.map((line) => {
    const record = JSON.parse(line) as { readonly type: string; readonly reward: number | null };
    if (record.type !== "episode") return line;
    return JSON.stringify({ ...record, reward: record.reward === 1 ? 0 : 1, scores: undefined });
  });
  writeFileSync(path, `${turned.join("\n")}\n`);
  const report = await buildReport(run.directory);
  const again = await logRun(run.directory, options(server.url, { nowMs }));
  expect(again.already).toBe(false);
  const { points } = part(server, "run");
  expect(points.length).toBeGreaterThan(before);
  for (const { cellId, passRate, arm, load, variant, repetition } of report.cells) {
    expect(values(server, cellId).get("pass_rate")).toBe(passRate.value ?? undefined);
    const key = `${arm}/${load.replaceAll(":", "-")}/${variant ?? ""}/pass_rate`;
    const atStep = points.filter((point) => point.key === key && point.step === repetition);
    expect(latest(atStep)[0]?.value).toBe(passRate.value ?? undefined);
  }
  expect((await logRun(run.directory, options(server.url, { nowMs }))).already).toBe(true);
});

test.each([
  ["interrupted", "KILLED"],
  ["failed", "FAILED"],
] as const)("a run that was %s is %s there, and finished when it has gone on", async (reason, status) => {
  using run = await StoredRunFolder.of("sweep");
  await using server = await startFakeMlflow();
  const path = join(run.directory, "records.jsonl");
  const at = "2026-11-28T12:00:00.000Z";
  const whole = readFileSync(path, "utf8");
  const end = { v: 1, type: "run-ended", at, reason, exitCode: 4, error: reason };
  appendFileSync(path, `${JSON.stringify(end)}\n`);
  expect(await logRun(run.directory, options(server.url))).toMatchObject({ status });
  expect(part(server, "run")).toMatchObject({ status, endTime: Date.parse(at) });
  writeFileSync(path, whole);
  expect(await logRun(run.directory, options(server.url))).toMatchObject({ status: "FINISHED" });
  expect(part(server, "run")).toMatchObject({ status: "FINISHED" });
  expect(part(server, "run").tags.get("tollgate.state")).toBe("complete");
});

test("a run in which too much failed is a failed one, and its rates are not there", async () => {
  using run = await StoredRunFolder.of("dirty");
  await using server = await startFakeMlflow();
  const report = await buildReport(run.directory);
  expect(report.cells.map(({ verdict }) => verdict)).toContain("failing");
  expect(await logRun(run.directory, options(server.url))).toMatchObject({ status: "FAILED" });
  for (const { cellId, verdict } of report.cells) {
    if (verdict !== "failing") continue;
    expect(part(server, cellId).status).toBe("FAILED");
    expect(values(server, cellId).has("pass_rate")).toBe(false);
  }
});

test.each([
  ["replay", "stored-runs"],
  ["replay-aa", "stored-runs"],
  ["openclaw", "stored-runs"],
  ["resumed", "stored-runs"],
  ["long-context", "verified-runs"],
  ["variants", "verified-runs"],
] as const)("a run of another kind is logged as well: %s", async (name, among) => {
  using run = await StoredRunFolder.of(name, among);
  await using server = await startFakeMlflow();
  const logged = await logRun(run.directory, options(server.url, { tables: true }));
  expect(logged).toMatchObject({ warnings: [], artifacts: 7 });
  expect(logged.children).toBeGreaterThan(0);
  for (const child of server.store.byPart().values()) expect(child.points.length).toBeGreaterThan(5);
  expect((await logRun(run.directory, options(server.url, { tables: true }))).already).toBe(true);
});

test("a run of the preference loop has a child per preference, with a value of each step at its step", async () => {
  using folder = new TemporaryFolder();
  const directory = await writeFeedbackRun(folder.path);
  await using server = await startFakeMlflow();
  const logged = await logRun(directory, options(server.url, { tables: true }));
  expect(logged).toMatchObject({ status: "FINISHED", children: 2, artifacts: 7, warnings: [] });
  const report = await buildFeedbackReport(directory);
  for (const { name, steps, outcome } of report.preferences) {
    const { points, tags, datasets } = part(server, name);
    const margins = points.filter(({ key }) => key === "logprob_margin/margin_delta_from_baseline");
    expect(margins.map(({ step, value }) => [step, value])).toEqual(
      steps.map(({ step, eval: { logprob_margin: margin } }) => [step, margin?.margin_delta_from_baseline]),
    );
    // Collapse is looked for at some steps only.
    const entropies = points.filter(({ key }) => key === "collapse/mean_entropy");
    expect(entropies.map(({ step }) => step)).toEqual([0, 3, 7]);
    expect(points.filter(({ key }) => key.startsWith("baseline/")).length).toBeGreaterThan(5);
    expect(values(server, "run").get(`${name}/final_compliance`)).toBe(outcome.compliance.value);
    expect(tags.get("tollgate.verdict.learned")).toBe("passed");
    expect(datasets).toHaveLength(1);
  }
  expect([...server.store.artifacts.keys()].join()).toContain("no_emoji/steps.jsonl");
  expect((await logRun(directory, options(server.url))).already).toBe(true);
});

test("one that was stopped has the steps that it has, and goes on there", async () => {
  using folder = new TemporaryFolder();
  const directory = await writeFeedbackRun(folder.path, { done: 3 });
  await using server = await startFakeMlflow();
  expect(await logRun(directory, options(server.url))).toMatchObject({ status: "KILLED" });
  expect(part(server, "concise")).toMatchObject({ status: "KILLED" });
  expect(new Set(part(server, "concise").points.map(({ step }) => step))).toEqual(new Set([0, 1, 2]));
});

test("parameters that stand there otherwise stay, and that is said", async () => {
  using run = await StoredRunFolder.of("sweep");
  await using server = await startFakeMlflow();
  await logRun(run.directory, options(server.url));
  part(server, "run").params.set("model", "another");
  part(server, "run").tags.delete("tollgate.logged");
  const said: string[] = [];
  await logRun(run.directory, options(server.url, { tell: (line) => said.push(line) }));
  expect(said).toEqual([expect.stringMatching(/changes no parameter, so model stay/)]);
});

test("artifacts that the server does not serve are named, and everything else is logged", async () => {
  using run = await StoredRunFolder.of("sweep");
  await using server = await startFakeMlflow({ artifactRoot: "s3://bucket/x" });
  const logged = await logRun(run.directory, options(server.url));
  expect(logged.warnings).toEqual([expect.stringMatching(/s3:\/\/bucket\/x.*--artifacts-destination/)]);
  expect(part(server, "run").status).toBe("FINISHED");
});

test("an artifact that did not arrive whole is an error, and is sent again the next time", async () => {
  using run = await StoredRunFolder.of("sweep");
  await using server = await startFakeMlflow({
    faults: [{ on: /artifacts\/.*report\.html$/, times: 1, status: 200, body: "{}" }],
  });
  await expect(logRun(run.directory, options(server.url))).rejects.toThrow(
    /took the artifact report\/report\.html of \d+ bytes and does not list it/,
  );
  expect(await logRun(run.directory, options(server.url))).toMatchObject({ already: false });
  expect([...server.store.artifacts.keys()].some((name) => name.endsWith("report.html"))).toBe(true);
});

test("tables that are wanted for the first time are added, and nothing else", async () => {
  using run = await StoredRunFolder.of("sweep");
  await using server = await startFakeMlflow();
  await logRun(run.directory, options(server.url));
  const log = () => logRun(run.directory, options(server.url, { tables: true }));
  expect(await log()).toMatchObject({ already: false, artifacts: 2, metrics: 0 });
  expect(await log()).toMatchObject({ already: true });
});

test("a run that somebody deleted there is logged anew", async () => {
  using run = await StoredRunFolder.of("sweep");
  await using server = await startFakeMlflow();
  const first = await logRun(run.directory, options(server.url));
  for (const one of server.store.runs) one.lifecycle = "deleted";
  const second = await logRun(run.directory, options(server.url));
  expect(second.runId).not.toBe(first.runId);
  expect(second.already).toBe(false);
});

test("a folder that is no run is refused before anything is asked of the server", async () => {
  using run = await StoredRunFolder.of("sweep");
  await using server = await startFakeMlflow();
  rmSync(join(run.directory, "run.json"));
  await expect(logRun(run.directory, options(server.url))).rejects.toThrow(/is not a run directory/);
  expect(server.calls).toEqual([]);
});
