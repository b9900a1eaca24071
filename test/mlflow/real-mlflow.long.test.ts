import { spawn } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { buildReport } from "../../bench/report/build-report.ts";
import { lastLine, unchecked, Workplace } from "../e2e/small-experiment.ts";
import { expectExit, pause, tollgate } from "../e2e/tollgate-process.ts";
import { mlflowProgram, realRuns, startMlflow, tagIn } from "./real-server.ts";
import { StoredRunFolder } from "./stored-run.ts";

const main = join(import.meta.dirname, "../../bench/main.ts");

describe.skipIf(mlflowProgram === undefined)("a real MLflow server", () => {
  let server: Awaited<ReturnType<typeof startMlflow>>;
  let run: StoredRunFolder;
  beforeAll(async () => {
    server = await startMlflow();
    run = await StoredRunFolder.of("variants", "verified-runs");
  });
  afterAll(async () => {
    run[Symbol.dispose]();
    await server[Symbol.asyncDispose]();
  });

  const words = (experiment: string, ...more: readonly string[]) => {
    return ["mlflow", "log", run.directory, "--uri", server.url, "--experiment", experiment, ...more];
  };
  /** What its own search says, without what is of the moment. */
  const contents = async (experiment: string) => {
    const runs = await realRuns(server.url, experiment);
    const parents = new Map(runs.map((one) => [one.info.run_id, tagIn(one, "tollgate.part")]));
    const plain = runs.map((one) => ({
      name: one.info.run_name,
      status: one.info.status,
      parent: parents.get(tagIn(one, "mlflow.parentRunId") ?? "") ?? null,
      metrics: Object.fromEntries((one.data.metrics ?? []).map(({ key, ...point }) => [key, point])),
      params: Object.fromEntries((one.data.params ?? []).map(({ key, value }) => [key, value])),
      tags: Object.fromEntries(
        (one.data.tags ?? [])
          .filter(({ key }) => !/logged_at_ms|parentRunId/.test(key))
          .map(({ key, value }) => [key, value]),
      ),
    }));
    return Object.fromEntries(plain.map((one) => [one.name, one]));
  };

  test("parent and children say what the report says; logged again, nothing is added", async () => {
    const printed = await tollgate(words("once", "--json", "--traces"));
    expectExit(printed, 0);
    const report = await buildReport(run.directory);
    const there = await contents("once");
    expect(Object.keys(there)).toHaveLength(report.cells.length + 1);
    expect(there[report.run.runId]).toMatchObject({ status: "FINISHED", parent: null });
    for (const cell of report.cells) {
      const child = there[cell.cellId];
      expect(child).toMatchObject({
        status: "FINISHED",
        parent: "run",
        params: { arm: cell.arm, load: cell.load },
      });
      expect(child?.metrics["e2e_ms_p50"]?.value).toBe(cell.e2eMs.p50.value);
      expect(child?.metrics["pass_rate"]?.value).toBe(cell.passRate.value);
      expect(child?.metrics["ttft_ms_p50"]?.step).toBe(cell.repetition);
    }
    const logged = JSON.parse(printed.stdout) as { runId: string; experimentId: string; traces: number };
    const root = `${server.url}/api/2.0/mlflow-artifacts/artifacts/${logged.experimentId}/${logged.runId}/artifacts`;
    const json = (await (await fetch(`${root}/report/report.json`)).json()) as { cells: unknown };
    expect(json.cells).toEqual(JSON.parse(JSON.stringify(report.cells)));
    const parquet = Buffer.from(await (await fetch(`${root}/tables/episodes.parquet`)).arrayBuffer());
    expect([parquet.subarray(0, 4).toString(), parquet.subarray(-4).toString()]).toEqual(["PAR1", "PAR1"]);
    expect(logged.traces).toBe(report.totals.finished);
    const [first] = report.cells;
    const place = [first?.arm, first?.load.replaceAll(":", "-"), first?.variant];
    const key = encodeURIComponent(`${place.join("/")}/e2e_ms_p50`);
    const history = (await (
      await fetch(`${server.url}/api/2.0/mlflow/metrics/get-history?run_id=${logged.runId}&metric_key=${key}`)
    ).json()) as { metrics?: readonly { step: number }[] };
    const again = await tollgate(words("once", "--traces"));
    expectExit(again, 0);
    expect(again.stdout).toMatch(/^nothing to add/);
    expect(await contents("once")).toEqual(there);
    const repetitions = new Set(report.cells.map(({ repetition }) => repetition));
    expect(repetitions.size).toBeGreaterThan(1);
    expect(history.metrics).toHaveLength(repetitions.size);
    expect(new Set(history.metrics?.map(({ step }) => step))).toEqual(repetitions);
  });

  test("kill -9 at any moment, and the next call goes on: nothing twice, nothing missing", async () => {
    let kills = 0;
    for (let ms = 400; ; ms += 100) {
      const child = spawn(process.execPath, [main, ...words("killed", "--no-tables")], { stdio: "ignore" });
      const ended = once(child, "exit");
      const done = await Promise.race([ended.then(() => true), pause(ms).then(() => false)]);
      if (done) break;
      child.kill("SIGKILL");
      await ended;
      kills += 1;
    }
    expect(kills).toBeGreaterThan(3);
    expectExit(await tollgate(words("killed")), 0);
    expectExit(await tollgate(words("whole")), 0);
    expect(await contents("killed")).toEqual(await contents("whole"));
  });

  test("three at once, into an experiment that is not there: one experiment, one run", async () => {
    const all = await Promise.all([1, 2, 3].map(() => tollgate(words("race", "--no-tables"))));
    for (const one of all) expectExit(one, 0);
    const runs = await realRuns(server.url, "race");
    expect(runs.filter((one) => tagIn(one, "tollgate.part") === "run")).toHaveLength(1);
    expect(runs).toHaveLength(Object.keys(await contents("race")).length);
  });

  test("a sweep logs itself", async () => {
    using place = new Workplace();
    const sink = { kind: "mlflow", uri: server.url, experiment: "sink", traces: true };
    place.write({ arms: [{ kind: "raw" }], sinks: [sink] });
    const swept = await place.sweep(...unchecked);
    expectExit(swept, 0);
    const runs = await realRuns(server.url, "sink");
    expect(runs.map(({ info }) => info.status)).toEqual(["FINISHED", "FINISHED"]);
    expect(runs.map((one) => tagIn(one, "tollgate.run_id"))).toEqual([
      lastLine(swept).split("/").at(-1),
      lastLine(swept).split("/").at(-1),
    ]);
  });
});

test.skipIf(mlflowProgram === undefined)(
  "a real MLflow with users, and one that answers to another name",
  async () => {
    using run = await StoredRunFolder.of("sweep");
    const password = "a-long-password-1";
    await using guarded = await startMlflow(["--app-name", "basic-auth"], {
      MLFLOW_FLASK_SERVER_SECRET_KEY: "key",
      MLFLOW_AUTH_ADMIN_PASSWORD: password,
    });
    const words = ["mlflow", "log", run.directory, "--no-tables", "--uri"];
    const nobody = await tollgate([...words, guarded.url]);
    expectExit(nobody, 1);
    expect(nobody.stderr).toMatch(/status 401.*Set MLFLOW_TRACKING_USERNAME/);
    const user = { MLFLOW_TRACKING_USERNAME: "admin", MLFLOW_TRACKING_PASSWORD: password };
    const wrong = await tollgate([...words, guarded.url], { ...user, MLFLOW_TRACKING_PASSWORD: "other" });
    expectExit(wrong, 1);
    expect(wrong.stderr).toMatch(/The credentials in the environment are not good/);
    expectExit(await tollgate([...words, guarded.url], user), 0);
    await using elsewhere = await startMlflow(["--allowed-hosts", "mlflow.example.com"]);
    const refused = await tollgate([...words, elsewhere.url]);
    expectExit(refused, 1);
    expect(refused.stderr).toMatch(
      /does not answer to the name 127\.0\.0\.1:\d+.*MLFLOW_SERVER_ALLOWED_HOSTS/,
    );
  },
);
