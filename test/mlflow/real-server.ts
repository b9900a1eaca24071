import { spawn } from "node:child_process";
import { once } from "node:events";
import { appendFileSync } from "node:fs";
import { join } from "node:path";
import { expect } from "vitest";
import { freePort } from "../../bench/host/free-port.ts";
import { pause, TemporaryFolder } from "../e2e/tollgate-process.ts";

/** The program `mlflow` of an environment in which a whole MLflow is installed. */
export const mlflowProgram = process.env["TOLLGATE_MLFLOW"];

/** A real tracking server with a database and artifacts of its own. */
export async function startMlflow(
  args: readonly string[] = [],
  environment: Readonly<Record<string, string>> = {},
) {
  const folder = new TemporaryFolder();
  const port = await freePort();
  const log = join(folder.path, "server.log");
  const place = `--host 127.0.0.1 --port ${port} --workers 1 --backend-store-uri sqlite:///${folder.path}/mlflow.db --artifacts-destination ${folder.path}/artifacts`;
  const child = spawn(mlflowProgram ?? "mlflow", ["server", ...place.split(" "), ...args], {
    env: {
      ...process.env,
      MLFLOW_DISABLE_TELEMETRY: "true",
      DO_NOT_TRACK: "true",
      MLFLOW_SERVER_ENABLE_JOB_EXECUTION: "false",
      ...environment,
    },
    // Its users go into a file of its working directory.
    cwd: folder.path,
    stdio: ["ignore", "pipe", "pipe"],
  });
  for (const stream of [child.stdout, child.stderr])
    stream.on("data", (bytes: Buffer) => {
      appendFileSync(log, bytes);
    });
  const url = `http://127.0.0.1:${port}`;
  for (let tries = 0; ; tries += 1) {
    const answer = await fetch(`${url}/health`).catch(() => null);
    if (answer?.ok === true) break;
    expect(child.exitCode, `mlflow server ended, see ${log}`).toBeNull();
    expect(tries, "mlflow server was not ready in four minutes").toBeLessThan(480);
    await pause(500);
  }
  return {
    url,
    async [Symbol.asyncDispose]() {
      const ended = child.exitCode === null ? once(child, "exit") : Promise.resolve();
      child.kill("SIGTERM");
      await ended;
      folder[Symbol.dispose]();
    },
  };
}

interface RealRun {
  readonly info: {
    readonly run_id: string;
    readonly run_name: string;
    readonly status: string;
    readonly artifact_uri: string;
  };
  readonly data: {
    readonly metrics?: readonly { key: string; value: number; step: number; timestamp: number }[];
    readonly params?: readonly { key: string; value: string }[];
    readonly tags?: readonly { key: string; value: string }[];
  };
}

/** Asked without any code of ours. */
export async function realRuns(url: string, experiment: string): Promise<readonly RealRun[]> {
  const api = `${url}/api/2.0/mlflow`;
  const found = (await (
    await fetch(`${api}/experiments/get-by-name?experiment_name=${experiment}`)
  ).json()) as {
    experiment: { experiment_id: string };
  };
  const answer = await fetch(`${api}/runs/search`, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify({ experiment_ids: [found.experiment.experiment_id], max_results: 1000 }),
  });
  return ((await answer.json()) as { runs?: readonly RealRun[] }).runs ?? [];
}

export const tagIn = ({ data }: RealRun, key: string) => data.tags?.find((tag) => tag.key === key)?.value;
