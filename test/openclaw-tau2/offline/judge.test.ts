import { appendFileSync, cpSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { createServer, type IncomingMessage } from "node:http";
import { once } from "node:events";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import { text } from "node:stream/consumers";
import { afterAll, beforeAll, expect, test } from "vitest";
import { judgeRun, type JudgeOptions, type RunJudgement } from "../../../openclaw-tau2/offline/judge.ts";
import { regradeRun } from "../../../openclaw-tau2/offline/regrade.ts";
import { exportTau2Results } from "../../../openclaw-tau2/offline/results.ts";
import { exportRun } from "../../../bench/export/export-run.ts";
import { buildReport } from "../../../bench/report/build-report.ts";
import { renderReport } from "../../../bench/report/rebuild.ts";
import { readJudgedRun, readJudgements } from "../../../bench/store/judgements.ts";
import { lastLine, Workplace } from "../../e2e/small-experiment.ts";
import { DriverLock } from "../../../bench/store/driver-lock.ts";
import { expectExit, TemporaryFolder, tollgate } from "../../e2e/tollgate-process.ts";

const judgedTask = "renew-one";
const assertion = "The agent names the new due date.";

/** One sweep of our own domain, in which one of two tasks has an assertion that only a judge can answer. */
const place = new Workplace();
let swept: string;

beforeAll(async () => {
  const data = join(place.path, "data");
  cpSync("openclaw-tau2/data", data, { recursive: true });
  const file = join(data, "tau2", "domains", "library", "tasks.json");
  const tasks = JSON.parse(readFileSync(file, "utf8")) as {
    id: string;
    evaluation_criteria: { nl_assertions: string[] | null; reward_basis: string[] };
  }[];
  for (const { id, evaluation_criteria: criteria } of tasks) {
    if (id !== judgedTask) continue;
    criteria.nl_assertions = [assertion];
    criteria.reward_basis = ["DB", "NL_ASSERTION"];
  }
  writeFileSync(file, JSON.stringify(tasks));
  const golden = join(place.path, "golden");
  mkdirSync(golden);
  cpSync(join(file, "..", "schemas_library.json"), join(golden, "schemas_library.json"));
  const quoted = { agent_instruction: { text: "Serve the customer." } };
  writeFileSync(join(golden, "policies.json"), JSON.stringify(quoted));
  writeFileSync(join(golden, "judge_prompts.json"), JSON.stringify({ system_prompt: "Answer with JSON." }));
  place.write({
    arms: [{ kind: "raw" }],
    workload: {
      domain: "library",
      data,
      tasks: { count: 2 },
      trials: 2,
      judge: { url: "http://127.0.0.1:9", model: "nobody" },
    },
  });
  const sweep = await place.sweep();
  expectExit(sweep, 0);
  swept = lastLine(sweep);
});
afterAll(() => place[Symbol.dispose]());

interface Asked {
  readonly authorization: string | undefined;
  readonly body: { readonly model: string; readonly messages: readonly { content: string }[] };
}

/** A judge that says what it is told to say. */
class Judge implements AsyncDisposable {
  readonly asked: Asked[] = [];
  readonly #server = createServer((request, response) => {
    void this.#take(request).then(() => {
      response.writeHead(this.status, { "content-type": "application/json" });
      response.end(JSON.stringify({ choices: [{ message: { content: this.answer } }] }));
    });
  });
  status = 200;
  answer = answerOf(true);

  async listen(): Promise<string> {
    this.#server.listen(0, "127.0.0.1");
    await once(this.#server, "listening");
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
  }

  async #take(request: IncomingMessage): Promise<void> {
    const body = JSON.parse(await text(request)) as Asked["body"];
    this.asked.push({ authorization: request.headers.authorization, body });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#server.closeAllConnections();
    this.#server.close();
    await once(this.#server, "close");
  }
}

function answerOf(...met: boolean[]): string {
  return JSON.stringify({
    results: met.map((metExpectation) => ({ expectedOutcome: assertion, metExpectation, reasoning: "so" })),
  });
}

const quiet: Omit<JudgeOptions, "endpoint"> = {
  environment: {},
  lenient: false,
  concurrency: 3,
  redo: false,
  pid: process.pid,
  wallIso: () => "2026-01-02T03:04:05.000Z",
  progress: () => undefined,
  retryDelayMs: 1,
};

function copyOf(folder: TemporaryFolder): string {
  const run = join(folder.path, "run");
  cpSync(swept, run, { recursive: true });
  return run;
}

const without = ({ needed, judged, judgedBefore, unjudged }: RunJudgement) => ({
  needed,
  judged,
  judgedBefore,
  unjudged: unjudged.length,
});

test("judged rewards count in report, export and tau2's results; records stay as they were", async () => {
  using folder = new TemporaryFolder();
  await using judge = new Judge();
  const run = copyOf(folder);
  const url = await judge.listen();
  const records = readFileSync(join(run, "records.jsonl"), "utf8");
  const before = await buildReport(run);
  expect(before.cells.map(({ episodes }) => [episodes.judged, episodes.unjudged])).toEqual([[2, 2]]);

  const options = {
    ...quiet,
    endpoint: { url, model: "judge-1", apiKeyEnv: "KEY" },
    environment: { KEY: "k" },
  };
  expect(without(await judgeRun(run, options))).toEqual({
    needed: 2,
    judged: 2,
    judgedBefore: 0,
    unjudged: 0,
  });
  expect(judge.asked.map(({ authorization, body }) => [authorization, body.model])).toEqual([
    ["Bearer k", "judge-1"],
    ["Bearer k", "judge-1"],
  ]);
  expect(judge.asked[0]?.body.messages).toHaveLength(2);
  expect(judge.asked[0]?.body.messages[1]?.content).toContain(assertion);

  expect(readFileSync(join(run, "records.jsonl"), "utf8")).toBe(records);
  const { judgements } = await readJudgements(run);
  expect(
    [...judgements.values()].map(({ at, model, entries, complete, reward, ...rest }) => ({
      at,
      model,
      entries,
      complete,
      reward,
      url: rest.url,
    })),
  ).toEqual(
    Array.from({ length: 2 }, () => ({
      at: "2026-01-02T03:04:05.000Z",
      model: "judge-1",
      entries: [{ nlAssertion: assertion, met: true, justification: "so" }],
      complete: true,
      reward: 1,
      url: `${url}/v1`,
    })),
  );

  const after = await buildReport(run);
  expect(after.judges).toEqual([{ model: "judge-1", url: `${url}/v1`, rewards: 2, incomplete: 0 }]);
  expect(after.cells.map(({ episodes }) => [episodes.judged, episodes.passed, episodes.unjudged])).toEqual([
    [4, 4, 0],
  ]);
  expect(after.cells[0]?.passHatK).toMatchObject([
    { k: 1, value: 1, tasks: 2 },
    { k: 2, value: 1, tasks: 2 },
  ]);
  expect(renderReport(after, "md")).toContain(`2 rewards rest on the judge judge-1 at ${url}/v1`);

  const labels = (await readJudgedRun(run)).records.flatMap((record) =>
    record.type === "episode" && record.taskId === judgedTask ? [record.labels] : [],
  );
  expect(labels).toEqual([["judged"], ["judged"]]);
  const [name] = await exportTau2Results(run, folder.path, {});
  const results = JSON.parse(readFileSync(join(folder.path, name!), "utf8")) as {
    simulations: { task_id: string; reward_info: { reward: number; nl_assertions: unknown } }[];
  };
  expect(
    results.simulations
      .filter(({ task_id }) => task_id === judgedTask)
      .map(({ reward_info: { reward, nl_assertions } }) => ({ reward, nl_assertions })),
  ).toEqual(
    Array.from({ length: 2 }, () => ({
      reward: 1,
      nl_assertions: [{ nl_assertion: assertion, met: true, justification: "so" }],
    })),
  );
  const exported = await exportRun(run, { format: "sft", out: join(folder.path, "sft") });
  expect(exported.counts).toMatchObject({ trajectories: 4, passed: 4, byLabel: { judged: 2 } });
  expect(await regradeRun(run, {})).toMatchObject({ episodes: 4, equal: 4 });
});

test("what is judged is not asked again, unless --redo says so; then the last answer counts", async () => {
  using folder = new TemporaryFolder();
  await using judge = new Judge();
  const run = copyOf(folder);
  const options = { ...quiet, endpoint: { url: `${await judge.listen()}/v1/`, model: "m" } };
  await judgeRun(run, options);
  expect(without(await judgeRun(run, options))).toEqual({
    needed: 2,
    judged: 0,
    judgedBefore: 2,
    unjudged: 0,
  });
  expect(judge.asked).toHaveLength(2);
  judge.answer = answerOf(false, true);
  const again = await judgeRun(run, { ...options, redo: true });
  expect({ ...without(again), incomplete: again.incomplete.length }).toEqual({
    needed: 2,
    judged: 2,
    judgedBefore: 0,
    unjudged: 0,
    incomplete: 2,
  });
  const report = await buildReport(run);
  expect(report.cells[0]?.episodes).toMatchObject({ judged: 4, passed: 2 });
  expect(report.judges).toMatchObject([{ rewards: 2, incomplete: 2 }]);
});

test("a judge that cannot be reached, or answers in a fence, leaves the episode unjudged", async () => {
  using folder = new TemporaryFolder();
  await using judge = new Judge();
  const run = copyOf(folder);
  const endpoint = { url: await judge.listen(), model: "m" };
  judge.status = 404;
  const told: string[] = [];
  const refused = await judgeRun(run, { ...quiet, endpoint, progress: (line) => told.push(line) });
  expect(without(refused)).toEqual({ needed: 2, judged: 0, judgedBefore: 0, unjudged: 2 });
  expect(told[0]).toContain("status 404");
  judge.status = 200;
  judge.answer = `\`\`\`json\n${answerOf(true)}\n\`\`\``;
  expect(without(await judgeRun(run, { ...quiet, endpoint })).unjudged).toBe(2);
  expect(without(await judgeRun(run, { ...quiet, endpoint, lenient: true })).judged).toBe(2);
});

test("a torn last line is cut off, and the attempt of another --redo is not taken for a judged one", async () => {
  using folder = new TemporaryFolder();
  await using judge = new Judge();
  const run = copyOf(folder);
  const options = { ...quiet, endpoint: { url: await judge.listen(), model: "m" }, concurrency: 1 };
  await judgeRun(run, options);
  const path = join(run, "judgements.jsonl");
  const [first = "", second = ""] = readFileSync(path, "utf8").trimEnd().split("\n");
  writeFileSync(path, `${first}\n`);
  appendFileSync(path, second.slice(0, 40));
  const torn = await buildReport(run);
  expect(torn.cells[0]?.episodes).toMatchObject({ judged: 3, unjudged: 1 });
  expect(torn.warnings).toEqual([expect.stringContaining("judgements.jsonl:2: the last line is torn")]);
  expect(without(await judgeRun(run, options))).toMatchObject({ judged: 1, judgedBefore: 1 });
  expect(readFileSync(path, "utf8").trimEnd().split("\n")).toEqual([first, second]);

  const other = { ...(JSON.parse(first) as object), attemptKey: "another-attempt" };
  writeFileSync(path, `${JSON.stringify(other)}\n${second}\n`);
  expect((await buildReport(run)).cells[0]?.episodes).toMatchObject({ judged: 3, unjudged: 1 });
});

test("the command refuses while a driver writes the run, and its exit code tells what is left", async () => {
  using folder = new TemporaryFolder();
  await using judge = new Judge();
  const run = copyOf(folder);
  const args = ["judge", run, "--url", await judge.listen(), "--model", "m"];
  const lock = await DriverLock.acquire(run, process.pid);
  const refused = await tollgate(args, place.environment);
  expectExit(refused, 5);
  expect(refused.stderr).toContain(`is being written by process ${process.pid}`);
  await lock[Symbol.asyncDispose]();
  judge.answer = "no JSON";
  expectExit(await tollgate(args, place.environment), 1);
  judge.answer = answerOf(true);
  const judged = await tollgate(args, place.environment);
  expectExit(judged, 0);
  expect(judged.stdout.trim()).toBe("2 of 2 episodes that need a judge are judged (2 now, 0 before)");
  const unknown = await tollgate(["judge", run, "--url", "http://127.0.0.1:9"], place.environment);
  expectExit(unknown, 2);
});
