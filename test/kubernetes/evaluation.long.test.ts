import { execFileSync, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { loadInitImage, noCluster, RealCluster } from "./real-cluster.ts";

/** Of this machine, as pods see it. */
const host = "10.251.0.1";
const mlflowPort = 31_690;
const mlflowBin = process.env["TOLLGATE_MLFLOW"];
const reason = noCluster ?? (mlflowBin === undefined ? "TOLLGATE_MLFLOW names no `mlflow` program" : null);
const folder = mkdtempSync(join(tmpdir(), "tollgate-evaluation-"));
let cluster: RealCluster | null = null;
let mlflow: ReturnType<typeof spawn> | null = null;

beforeAll(async () => {
  if (reason !== null) return;
  cluster = RealCluster.start("evaluation");
  loadInitImage(cluster);
  execFileSync("test/kubernetes/images.sh", { stdio: "inherit", timeout: 280_000 });
  mlflow = spawn(
    mlflowBin ?? "",
    [
      "server",
      "--host=0.0.0.0",
      `--port=${mlflowPort}`,
      "--workers=1",
      `--backend-store-uri=sqlite:///${folder}/mlflow.db`,
      `--artifacts-destination=${join(folder, "artifacts")}`,
    ],
    {
      env: {
        PATH: process.env["PATH"],
        HOME: folder,
        MLFLOW_DISABLE_TELEMETRY: "true",
        MLFLOW_SERVER_ENABLE_JOB_EXECUTION: "false",
      },
      stdio: "ignore",
      detached: true,
    },
  );
}, 600_000);
afterAll(async () => {
  await cluster?.[Symbol.asyncDispose]();
  if (mlflow?.pid !== undefined) {
    process.kill(-mlflow.pid, "SIGTERM");
    await once(mlflow, "exit");
  }
  rmSync(folder, { recursive: true, force: true });
}, 300_000);

const statusOf = (url: string) =>
  fetch(url).then(
    ({ status }) => status,
    () => 0,
  );

test.skipIf(reason !== null)(
  "an evaluation beside a real OpenClaw gateway ends with results on its volume and in a real MLflow, and is gone on with when its pod goes",
  async () => {
    const there = cluster;
    if (there === null) throw new Error("no cluster");
    const namespace = there.namespace("a");
    const run = (words: readonly string[]) => there.run(words, environment);
    const kubectl = (...words: readonly string[]) => there.kubectl("-n", namespace, ...words);
    const environment = {
      CLAWBENCH_NAMESPACE: namespace,
      CLAWBENCH_IMAGE: "quay.io/tollgate/tollgate:test",
      CLAWBENCH_MODEL: "simulated/tollgate-sim",
      CLAWBENCH_TASKS: "t1-fix-total t3-two-sessions",
      CLAWBENCH_RUNS: "1",
      CLAWBENCH_CONCURRENCY: "1",
      MLFLOW_TRACKING_URI: `http://${host}:${mlflowPort}`,
      OPENAI_API_KEY: "sk-nobody-may-see-this",
    };
    await expect.poll(() => statusOf(`http://${host}:${mlflowPort}/health`), { timeout: 120_000 }).toBe(200);
    const up = await run(["bin/tollgate", "k8s", "up", "--yes"]);
    expect({ code: up.code, said: up.code === 0 ? "" : up.stderr }).toEqual({ code: 0, said: "" });
    const state = async () => {
      const text = await kubectl(
        "exec",
        "deploy/openclaw",
        "-c",
        "clawbench",
        "--",
        "cat",
        "/results/sidecar.json",
      );
      return JSON.parse(text) as { state: string; run: string | null; pod: string; mlflow: string };
    };
    const settled = { timeout: 600_000, interval: 3000 };
    await expect.poll(async () => (await state().catch(() => null))?.run ?? null, settled).not.toBeNull();
    const first = await state();
    // As an eviction does: the pod goes in the middle, and the Deployment makes another.
    await kubectl("delete", "pod", first.pod, "--wait=true");
    await expect.poll(async () => (await state().catch(() => null))?.state, settled).toBe("finished");
    const last = await state();
    expect(last).toMatchObject({ run: first.run, mlflow: "logged" });
    expect(last.pod).not.toBe(first.pod);

    const results = join(folder, "results");
    expect((await run(["bin/tollgate", "k8s", "cp", results])).code).toBe(0);
    expect(readdirSync(join(results, "runs"))).toEqual([last.run]);
    const records = readFileSync(join(results, "runs", String(last.run), "records.jsonl"), "utf8");
    const episodes = records.split("\n").flatMap((line) => {
      const record =
        line === "" ? {} : (JSON.parse(line) as { type?: string; reward?: number; taskId?: string });
      return record.type === "episode" ? [`${record.taskId} ${record.reward}`] : [];
    });
    expect(episodes.sort()).toEqual(["t1-fix-total 1", "t3-two-sessions 1"]);
    expect(JSON.parse(readFileSync(join(results, "benchmark.json"), "utf8"))).toHaveProperty("overall_score");

    const found = await fetch(`http://${host}:${mlflowPort}/api/2.0/mlflow/runs/search`, {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: JSON.stringify({ experiment_ids: ["1"], max_results: 50 }),
    });
    const { runs = [] } = (await found.json()) as { runs?: { info: { run_name: string; status: string } }[] };
    expect(runs.filter(({ info }) => info.run_name === last.run).map(({ info }) => info.status)).toEqual([
      "FINISHED",
    ]);
    expect(JSON.stringify(await kubectl("get", "deploy,configmap,pod", "-o", "json"))).not.toContain(
      "sk-nobody",
    );
  },
);
