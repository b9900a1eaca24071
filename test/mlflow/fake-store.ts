import { checkBatch, checkTags, invalid, missing, Refusal, type Pair, type Point } from "./fake-rules.ts";

export interface FakeRun {
  readonly runId: string;
  readonly experimentId: string;
  readonly name: string;
  readonly startTime: number;
  status: string;
  endTime: number | undefined;
  lifecycle: "active" | "deleted";
  readonly params: Map<string, string>;
  readonly tags: Map<string, string>;
  /** As the server keeps them: nothing twice. */
  readonly points: Point[];
  readonly datasets: { readonly name: string; readonly digest: string }[];
}

interface FakeExperiment {
  readonly id: string;
  readonly name: string;
  lifecycle: "active" | "deleted";
}

type Body = Readonly<Record<string, unknown>>;

const statuses = new Set(["RUNNING", "SCHEDULED", "FINISHED", "FAILED", "KILLED"]);

/** What a tracking server keeps, and how it answers. */
export class FakeStore {
  readonly experiments: FakeExperiment[] = [{ id: "0", name: "Default", lifecycle: "active" }];
  readonly runs: FakeRun[] = [];
  readonly artifacts = new Map<string, Buffer>();
  readonly #artifactRoot: string;
  #pageMax = 2;

  constructor(artifactRoot: string) {
    this.#artifactRoot = artifactRoot;
  }

  addExperiment(name: string, lifecycle: FakeExperiment["lifecycle"] = "active"): FakeExperiment {
    const made = { id: String(this.experiments.length), name, lifecycle };
    this.experiments.push(made);
    return made;
  }

  /** Those of a run of Tollgate that nobody deleted, by part. */
  byPart(): ReadonlyMap<string, FakeRun> {
    const active = this.runs.filter(({ lifecycle }) => lifecycle === "active");
    return new Map(active.map((run) => [run.tags.get("tollgate.part") ?? "", run]));
  }

  answer(method: string, url: URL, body: Buffer): string | Buffer {
    const artifact = /^\/api\/2\.0\/mlflow-artifacts\/artifacts(?:\/(.+))?$/.exec(url.pathname);
    if (artifact !== null)
      return this.#artifact(method, { path: artifact[1], under: url.searchParams.get("path") }, body);
    const [, call = ""] = /^\/api\/2\.0\/mlflow\/(.+)$/.exec(url.pathname) ?? [];
    const handler = this.#calls[`${method} ${call}`];
    if (handler === undefined) throw new Refusal(404, "ENDPOINT_NOT_FOUND", `no endpoint ${method} ${call}`);
    const asked = method === "GET" ? Object.fromEntries(url.searchParams) : parsed(body);
    return JSON.stringify(handler(asked, body.length));
  }

  readonly #calls: Readonly<Record<string, (asked: Body, bytes: number) => unknown>> = {
    "GET experiments/get": ({ experiment_id: id }) => {
      const found = this.experiments.find((one) => one.id === id);
      if (found === undefined) throw missing(`Experiment with ID ${String(id)}`);
      return { experiment: experimentOf(found) };
    },
    "GET experiments/get-by-name": ({ experiment_name: name }) => {
      const found = this.experiments.find((one) => one.name === name);
      if (found === undefined) throw missing(`Experiment ${String(name)}`);
      return { experiment: experimentOf(found) };
    },
    "POST experiments/create": ({ name }) => {
      if (typeof name !== "string" || name.trim() === "") throw invalid("Invalid experiment name");
      if (this.experiments.some((one) => one.name === name))
        throw new Refusal(400, "RESOURCE_ALREADY_EXISTS", `Experiment(name=${name}) already exists.`);
      return { experiment_id: this.addExperiment(name).id };
    },
    "POST runs/create": (asked) => ({ run: this.#runOf(this.#create(asked)) }),
    "GET runs/get": ({ run_id: id }) => ({ run: this.#runOf(this.#run(id)) }),
    "POST runs/search": (asked) => this.#search(asked),
    "POST runs/delete": ({ run_id: id }) => {
      this.#run(id).lifecycle = "deleted";
      return {};
    },
    "POST runs/update": ({ run_id: id, status, end_time: endTime }) => {
      if (!statuses.has(String(status))) throw invalid(`Invalid status ${String(status)}`);
      const run = this.#run(id);
      run.status = String(status);
      if (typeof endTime === "number") run.endTime = endTime;
      return { run_info: {} };
    },
    "POST runs/log-batch": (asked, bytes) => this.#logBatch(asked, bytes),
    "POST runs/log-inputs": ({ run_id: id, datasets }) => {
      for (const { dataset } of datasets as { dataset: { name: string; digest: string } }[]) {
        if (dataset.digest.length > 36) throw invalid("digest exceeds the maximum length of 36 characters");
        this.#run(id).datasets.push({ name: dataset.name, digest: dataset.digest });
      }
      return {};
    },
    "GET metrics/get-history": ({ run_id: id, metric_key: key }) => ({
      metrics: this.#run(id).points.filter((point) => point.key === key),
    }),
  };

  #create({ experiment_id: experimentId, run_name: name, start_time: startTime, tags }: Body): FakeRun {
    const experiment = this.experiments.find(({ id }) => id === experimentId);
    if (experiment === undefined) throw missing(`Experiment with ID ${String(experimentId)}`);
    if (experiment.lifecycle === "deleted") throw invalid("The experiment must be in the 'active' state.");
    const pairs = tags as readonly Pair[];
    checkTags(pairs);
    if (!Number.isSafeInteger(startTime)) throw invalid("start_time");
    const run: FakeRun = {
      runId: `${this.runs.length}`.padStart(32, "a"),
      experimentId: experiment.id,
      name: String(name),
      startTime: Number(startTime),
      status: "RUNNING",
      endTime: undefined,
      lifecycle: "active",
      params: new Map(),
      tags: new Map(pairs.map(({ key, value }) => [key, value])),
      points: [],
      datasets: [],
    };
    this.runs.push(run);
    return run;
  }

  #run(id: unknown): FakeRun {
    const found = this.runs.find(({ runId }) => runId === id);
    if (found === undefined) throw missing(`Run '${String(id)}'`);
    return found;
  }

  #search({ experiment_ids: ids, filter, page_token: token, run_view_type: view }: Body): unknown {
    if (view !== "ACTIVE_ONLY") throw invalid("run_view_type");
    const [, key = "", , value = ""] =
      /^tags\.`([^`]+)` = (['"])((?:(?!\2).)*)\2$/.exec(String(filter)) ?? [];
    if (key === "") throw invalid(`Invalid clause(s) in filter string: ${String(filter)}`);
    const found = this.runs.filter(
      (run) =>
        (ids as string[]).includes(run.experimentId) &&
        run.lifecycle === "active" &&
        run.tags.get(key) === value,
    );
    const from = Number(token ?? 0);
    const next = from + this.#pageMax;
    return {
      runs: found.slice(from, next).map((run) => this.#runOf(run)),
      ...(next < found.length && { next_page_token: String(next) }),
    };
  }

  #logBatch({ run_id: id, metrics, params, tags }: Body, bytes: number): unknown {
    const run = this.#run(id);
    const batch = {
      metrics: metrics as readonly Point[],
      params: params as readonly Pair[],
      tags: tags as readonly Pair[],
    };
    checkBatch(bytes, batch);
    for (const { key, value } of batch.params) {
      const before = run.params.get(key);
      if (before !== undefined && before !== value)
        throw invalid(`Changing param values is not allowed. Param with key='${key}' was already logged`);
    }
    for (const { key, value } of batch.params) run.params.set(key, value);
    for (const { key, value } of batch.tags) run.tags.set(key, value);
    for (const point of batch.metrics)
      if (!run.points.some((one) => samePoint(one, point))) run.points.push(point);
    return {};
  }

  #runOf(run: FakeRun): unknown {
    const pairs = (map: ReadonlyMap<string, string>) => [...map].map(([key, value]) => ({ key, value }));
    return {
      info: {
        run_id: run.runId,
        run_name: run.name,
        experiment_id: run.experimentId,
        status: run.status,
        start_time: run.startTime,
        end_time: run.endTime,
        artifact_uri: `${this.#artifactRoot}/${run.experimentId}/${run.runId}/artifacts`,
        lifecycle_stage: run.lifecycle,
      },
      data: { metrics: latest(run.points), params: pairs(run.params), tags: pairs(run.tags) },
      inputs: { dataset_inputs: run.datasets.map((dataset) => ({ dataset })) },
    };
  }

  #artifact(
    method: string,
    { path, under }: { readonly path: string | undefined; readonly under: string | null },
    body: Buffer,
  ): string | Buffer {
    if (path !== undefined && /%2f|\.\./i.test(path)) throw invalid("Invalid path");
    if (method === "PUT" && path !== undefined) {
      this.artifacts.set(decodeURIComponent(path), body);
      return "{}";
    }
    const folder = `${under ?? ""}/`;
    const files = [...this.artifacts].flatMap(([name, bytes]) => {
      const rest = name.startsWith(folder) ? name.slice(folder.length) : "/";
      return rest.includes("/") ? [] : [{ path: rest, is_dir: false, file_size: bytes.length }];
    });
    return JSON.stringify({ files });
  }
}

function experimentOf({ id, name, lifecycle }: FakeExperiment) {
  return { experiment_id: id, name, lifecycle_stage: lifecycle };
}

function parsed(body: Buffer): Body {
  return JSON.parse(body.toString("utf8")) as Body;
}

function samePoint(a: Point, b: Point): boolean {
  return a.key === b.key && a.value === b.value && a.step === b.step && a.timestamp === b.timestamp;
}

/** The value that a page shows: of the greatest step, then the latest, then the greatest. */
export function latest(points: readonly Point[]): readonly Point[] {
  return [...Map.groupBy(points, ({ key }) => key).values()].map(
    (of) =>
      of
        .toSorted((a, b) => a.step - b.step || a.timestamp - b.timestamp || a.value - b.value)
        .at(-1) as Point,
  );
}
