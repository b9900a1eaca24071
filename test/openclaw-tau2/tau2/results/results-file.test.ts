import { mkdtempSync, readFileSync, readdirSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import * as fc from "fast-check";
import { afterEach, beforeEach, expect, test } from "vitest";
import { indentJson } from "../../../../openclaw-tau2/tau2/python/json-indent.ts";
import {
  writeResultsFile,
  type ResultsMessage,
  type ResultsRun,
  type ResultsSimulation,
} from "../../../../openclaw-tau2/tau2/results/results-file.ts";

let directory = "";
let file = "";

beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), "tollgate-results-"));
  file = join(directory, "results.json");
});

afterEach(() => rmSync(directory, { recursive: true }));

const start = new Date(Date.UTC(2026, 0, 2, 3, 4, 5, 6));

const run: ResultsRun = {
  startedAt: start,
  gitCommit: "a2c0247",
  domain: "library",
  policy: "Be kind.\n",
  trialsPerTask: 1,
  maxSteps: 200,
  maxErrors: 10,
  seed: 300,
  agent: { implementation: "openclaw", model: "m", modelArguments: { temperature: 0 } },
  user: { implementation: "user_simulator", model: null, modelArguments: {}, guidelines: "Ask." },
  tasks: [{ text: '{"id": "t1", "limit": 2.0, "note": "\u00e9"}' }],
};

const plain = { at: null, usage: null };

const messages: readonly ResultsMessage[] = [
  { role: "assistant", content: "Hello", toolCalls: null, ...plain },
  { role: "user", content: "Hi", toolCalls: [], at: start, usage: { promptTokens: 7, completionTokens: 1 } },
  {
    role: "assistant",
    content: null,
    toolCalls: [
      { id: "c1", name: "lend", argumentsText: '{"days": 2.0, "2": [], "1": {}}', requestor: "assistant" },
    ],
    at: new Date(start.getTime() - 1000),
    usage: null,
  },
  { role: "tool", id: "c1", content: "ok", requestor: "assistant", error: false, ...plain },
];

function simulation(change: Partial<ResultsSimulation> = {}): ResultsSimulation {
  return {
    id: "s1",
    taskId: "t1",
    trial: 0,
    seed: 626729,
    startedAt: start,
    durationMs: 1500,
    terminationReason: "user_stop",
    messages,
    rewardInfoText: '{"reward": 1.0, "reward_basis": ["DB"]}',
    info: { episodeId: "0123456789abcdef" },
    ...change,
  };
}

test("a run in tau2's form: numbers untouched, timestamps increasing, no empty lists of calls", async () => {
  await writeResultsFile(file, run, [simulation()]);
  const text = readFileSync(file, "utf8");
  const expectedMessages = [
    {
      role: "assistant",
      content: "Hello",
      tool_calls: null,
      turn_idx: 0,
      timestamp: "2026-01-02T03:04:05.006000",
    },
    { role: "user", content: "Hi", tool_calls: null, turn_idx: 1, timestamp: "2026-01-02T03:04:05.006001" },
    {
      role: "assistant",
      content: null,
      tool_calls: [{ id: "c1", name: "lend", arguments: { days: 2, 2: [], 1: {} }, requestor: "assistant" }],
      turn_idx: 2,
      timestamp: "2026-01-02T03:04:05.006002",
    },
    {
      id: "c1",
      role: "tool",
      content: "ok",
      requestor: "assistant",
      error: false,
      turn_idx: 3,
      timestamp: "2026-01-02T03:04:05.006003",
    },
  ];
  const usage = [null, { completion_tokens: 1, prompt_tokens: 7 }, null];
  expect(JSON.parse(text)).toEqual({
    timestamp: "2026-01-02T03:04:05.006000",
    info: {
      git_commit: "a2c0247",
      num_trials: 1,
      max_steps: 200,
      max_errors: 10,
      user_info: {
        implementation: "user_simulator",
        llm: null,
        llm_args: {},
        global_simulation_guidelines: "Ask.",
      },
      agent_info: { implementation: "openclaw", llm: "m", llm_args: { temperature: 0 } },
      environment_info: { domain_name: "library", policy: "Be kind.\n" },
      seed: 300,
    },
    tasks: [{ id: "t1", limit: 2, note: "é" }],
    simulations: [
      {
        id: "s1",
        task_id: "t1",
        timestamp: "2026-01-02T03:04:06.506000",
        start_time: "2026-01-02T03:04:05.006000",
        end_time: "2026-01-02T03:04:06.506000",
        duration: 1.5,
        termination_reason: "user_stop",
        agent_cost: null,
        user_cost: null,
        reward_info: { reward: 1, reward_basis: ["DB"] },
        messages: expectedMessages.map((message, index) =>
          index < usage.length ? { ...message, cost: null, usage: usage[index] } : message,
        ),
        ticks: null,
        trial: 0,
        seed: 626729,
        mode: "half_duplex",
        info: { episodeId: "0123456789abcdef" },
      },
    ],
    simulation_index: null,
  });
  expect(text).toContain('"limit": 2.0');
  expect(text).toContain('"days": 2.0,\n                "2": [],\n                "1": {}');
  expect(text).toContain('"note": "\\u00e9"');
  expect(text).toContain('"reward": 1.0');
});

test("simulations may come from a generator, and none at all is a valid file", async () => {
  async function* generated() {
    yield simulation({ id: "a" });
    yield simulation({
      id: "b",
      rewardInfoText: null,
      info: null,
      messages: [],
      terminationReason: "infrastructure_error",
    });
  }
  await writeResultsFile(file, run, generated());
  const written = JSON.parse(readFileSync(file, "utf8")) as {
    simulations: { id: string; reward_info: unknown }[];
  };
  expect(written.simulations.map(({ id, reward_info: info }) => [id, info])).toEqual([
    ["a", { reward: 1, reward_basis: ["DB"] }],
    ["b", null],
  ]);
  await writeResultsFile(file, run, []);
  expect(JSON.parse(readFileSync(file, "utf8"))).toMatchObject({ simulations: [], simulation_index: null });
  expect(readdirSync(directory)).toEqual(["results.json"]);
});

test("a run that breaks off leaves no results file, and an unwritable place is named", async () => {
  function* broken() {
    yield simulation();
    throw new Error("the engine went away");
  }
  await expect(writeResultsFile(file, run, broken())).rejects.toThrow("the engine went away");
  expect(readdirSync(directory)).toEqual(["results.json.part"]);
  const nowhere = join(directory, "missing", "results.json");
  await expect(writeResultsFile(nowhere, run, [])).rejects.toThrow(
    `Cannot write tau2's results file ${nowhere}`,
  );
});

test("indented JSON is the same JSON, laid out as JSON.stringify lays it out", () => {
  fc.assert(
    fc.property(fc.jsonValue(), (value) => {
      const text = JSON.stringify(value);
      expect(indentJson(text)).toBe(JSON.stringify(value, null, 2));
    }),
  );
});
