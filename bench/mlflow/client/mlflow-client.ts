import type { z } from "zod";
import {
  artifactsAnswer,
  createdExperiment,
  experimentAnswer,
  historyAnswer,
  runAnswer,
  searchAnswer,
  type ServerExperiment,
  type ServerPoint,
  type ServerRun,
} from "./answers.ts";
import type { LogBatch } from "./batches.ts";
import { isMissing, type MlflowCall, type MlflowConnection } from "./connection.ts";
import { MlflowError } from "./refusal.ts";

const api = "/api/2.0/mlflow";
const runsPerPage = 100;
const pointsPerPage = 1000;

export interface NewRun {
  readonly experimentId: string;
  readonly name: string;
  readonly startedMs: number;
  readonly tags: Readonly<Record<string, string>>;
}

export type RunStatus = "RUNNING" | "FINISHED" | "FAILED" | "KILLED";

export interface DatasetInput {
  readonly name: string;
  readonly digest: string;
  readonly sourceType: string;
  readonly source: string;
  readonly profile: string;
}

/** The calls of MLflow's REST interface that logging takes. All throw MlflowError. */
export class MlflowClient {
  readonly connection: MlflowConnection;

  constructor(connection: MlflowConnection) {
    this.connection = connection;
  }

  /** null where the server does not say, as none did before 2.0. */
  async version(): Promise<string | null> {
    try {
      const text = await this.connection.text({
        method: "GET",
        path: "/version",
        doing: "answer",
      });
      return /^\s*(\d+\.\d+\S*)\s*$/.exec(text)?.[1] ?? null;
    } catch (error) {
      if (error instanceof MlflowError && error.status === 404) return null;
      throw error;
    }
  }

  /** null where there is none. */
  async experiment(by: { readonly id?: string; readonly name?: string }): Promise<ServerExperiment | null> {
    const query =
      by.id === undefined
        ? `get-by-name?experiment_name=${encodeURIComponent(by.name ?? "")}`
        : `get?experiment_id=${encodeURIComponent(by.id)}`;
    const call = {
      method: "GET",
      path: `${api}/experiments/${query}`,
      doing: "find the experiment",
    } as const;
    try {
      return (await this.#ask(call, experimentAnswer)).experiment;
    } catch (error) {
      if (isMissing(error)) return null;
      throw error;
    }
  }

  /** Its id. Another process may have made it meanwhile: see `experimentFor`. */
  async createExperiment(name: string): Promise<string> {
    const answer = await this.#post("experiments/create", { name }, { doing: "create the experiment" });
    return createdExperiment.parse(answer).experiment_id;
  }

  /** Those that nobody deleted, with the last value of each of their metrics. */
  async searchRuns(experimentId: string, filter: string): Promise<readonly ServerRun[]> {
    const found: ServerRun[] = [];
    let token: string | undefined;
    do {
      const answer = await this.#ask(
        {
          method: "POST",
          path: `${api}/runs/search`,
          doing: "look for the run",
          json: {
            experiment_ids: [experimentId],
            filter,
            run_view_type: "ACTIVE_ONLY",
            max_results: runsPerPage,
            ...(token !== undefined && { page_token: token }),
          },
        },
        searchAnswer,
      );
      found.push(...answer.runs);
      token = this.#nextPage(token, answer);
    } while (token !== undefined);
    return found;
  }

  /** Sent once: who calls it looks whether it was done after all. */
  async createRun({ experimentId, name, startedMs, tags }: NewRun): Promise<ServerRun> {
    const body = {
      experiment_id: experimentId,
      run_name: name,
      start_time: startedMs,
      tags: Object.entries(tags).map(([key, value]) => ({ key, value })),
    };
    const call = { method: "POST", path: `${api}/runs/create`, doing: "create the run" } as const;
    return (await this.#ask({ ...call, json: body, once: true }, runAnswer)).run;
  }

  /** As it stands there now. */
  async run(runId: string): Promise<ServerRun> {
    const path = `${api}/runs/get?run_id=${encodeURIComponent(runId)}`;
    return (await this.#ask({ method: "GET", path, doing: "read the run" }, runAnswer)).run;
  }

  async deleteRun(runId: string): Promise<void> {
    await this.#post("runs/delete", { run_id: runId }, { doing: "delete a run that was made twice" });
  }

  async logBatch(runId: string, { metrics, params, tags }: LogBatch): Promise<void> {
    const body = { run_id: runId, metrics, params, tags };
    await this.#post("runs/log-batch", body, { doing: "log metrics, parameters and tags" });
  }

  async logInputs(runId: string, datasets: readonly DatasetInput[]): Promise<void> {
    const inputs = datasets.map(({ sourceType, ...dataset }) => ({
      dataset: { ...dataset, source_type: sourceType },
      tags: [{ key: "mlflow.data.context", value: "evaluation" }],
    }));
    await this.#post("runs/log-inputs", { run_id: runId, datasets: inputs }, { doing: "log the task set" });
  }

  async updateRun(
    runId: string,
    { status, endedMs }: { readonly status: RunStatus; readonly endedMs: number | null },
  ): Promise<void> {
    const body = { run_id: runId, status, ...(endedMs !== null && { end_time: endedMs }) };
    await this.#post("runs/update", body, { doing: "set the status of the run" });
  }

  /** Every value that was logged of a metric, in the order of the server. */
  async history(runId: string, key: string): Promise<readonly ServerPoint[]> {
    const points: ServerPoint[] = [];
    let token: string | undefined;
    do {
      const query = new URLSearchParams({
        run_id: runId,
        metric_key: key,
        max_results: String(pointsPerPage),
        ...(token !== undefined && { page_token: token }),
      });
      const path = `${api}/metrics/get-history?${query.toString()}`;
      const answer = await this.#ask({ method: "GET", path, doing: "read what was logged" }, historyAnswer);
      points.push(...answer.metrics);
      token = this.#nextPage(token, answer);
    } while (token !== undefined);
    return points;
  }

  /** Sizes by name of the files directly in a folder of a run's artifacts; none where there is no folder. */
  async artifactSizes(root: string, folder: string): Promise<ReadonlyMap<string, number>> {
    const place = folder === "" ? root : `${root}/${folder}`;
    const path = `/api/2.0/mlflow-artifacts/artifacts?path=${encodeURIComponent(place)}`;
    const answer = await this.#ask({ method: "GET", path, doing: "list the artifacts" }, artifactsAnswer);
    return new Map(
      answer.files.flatMap(({ path: name, file_size: bytes }) =>
        bytes === undefined ? [] : [[name.slice(name.lastIndexOf("/") + 1), bytes] as const],
      ),
    );
  }

  async putArtifact(path: string, bytes: NonNullable<MlflowCall["bytes"]>): Promise<void> {
    const encoded = path.split("/").map(encodeURIComponent).join("/");
    await this.connection.text({
      method: "PUT",
      path: `/api/2.0/mlflow-artifacts/artifacts/${encoded}`,
      doing: `take the artifact ${path.slice(path.lastIndexOf("/") + 1)}`,
      bytes,
    });
  }

  /** @throws {MlflowError} for a page that is its own next one: it would be read for ever */
  #nextPage(
    token: string | undefined,
    { next_page_token: next }: { readonly next_page_token?: string | undefined },
  ) {
    if (next === undefined || next === "") return undefined;
    if (next !== token) return next;
    throw new MlflowError(
      `MLflow at ${this.connection.target.url} gives the same page again and again. Is something between that answers in its place, a cache?`,
      { status: 200, errorCode: null },
    );
  }

  async #post(name: string, json: unknown, { doing }: { readonly doing: string }): Promise<unknown> {
    return await this.connection.json({ method: "POST", path: `${api}/${name}`, doing, json });
  }

  async #ask<T>(call: MlflowCall, schema: z.ZodType<T>): Promise<T> {
    const parsed = schema.safeParse(await this.connection.json(call));
    if (parsed.success) return parsed.data;
    const [issue] = parsed.error.issues;
    throw new MlflowError(
      `MLflow at ${this.connection.target.url} could not ${call.doing}: its answer has ${issue?.path.join(".") ?? "nothing"} in a form that is not known (${issue?.message ?? ""}). Is this an MLflow server of version 2 or 3?`,
      { status: 200, errorCode: null },
    );
  }
}
