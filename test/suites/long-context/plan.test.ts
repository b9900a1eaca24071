import { readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { sections } from "../../../bench/commands/parts.ts";
import { experimentSchema } from "../../../bench/config/experiment.ts";
import { knowledgeText } from "../../../suites/long-context/knowledge.ts";
import { planOf } from "../../../suites/long-context/plan.ts";
import type { LongContextExperiment } from "../../../suites/long-context/contract/section.ts";
import { simulatorFolder } from "./simulator-counter.ts";

type Settings = Readonly<Record<string, unknown>>;

function experimentOf(workload: Settings, more: Settings = {}): LongContextExperiment {
  return experimentSchema(sections).parse({
    name: "x",
    stack: { kind: "embedded" },
    agent: { kind: "chat" },
    ...more,
    workload: { kind: "long-context", ...workload },
  }) as LongContextExperiment;
}
const planned = (workload: Settings, more: Settings = {}) => planOf(experimentOf(workload, more));

test("a task for each kind, length and depth, with its place on the axes", () => {
  const { episodes, axes, coverage } = planned({
    kinds: ["needle", "code"],
    lengths: ["8K", 12_000],
    depths: [1, 0],
    trials: 2,
  });
  expect(episodes.slice(0, 8).map(({ taskId }) => taskId)).toEqual([
    "needle-8192-d0",
    "needle-8192-d1",
    "code-8192-d0",
    "code-8192-d1",
    "needle-12000-d0",
    "needle-12000-d1",
    "code-12000-d0",
    "code-12000-d1",
  ]);
  expect(episodes).toHaveLength(16);
  expect(episodes[8]).toEqual({
    taskId: "needle-8192-d0",
    trial: 1,
    seed: 2,
    facts: { domain: "needle", axes: { length: 8192, depth: 0, kind: "needle" } },
  });
  expect(axes?.map(({ name }) => name)).toEqual(["length", "depth", "kind"]);
  expect(coverage).toEqual({ of: "tasks", selected: 8, total: 8, excluded: [] });
});

test("a limit takes the first tasks, and says what it left out", () => {
  const { episodes, coverage } = planned({ limit: 3, trials: 2 });
  const first = ["needle-8192-d0", "needle-8192-d0.25", "needle-8192-d0.5"];
  expect(episodes.map(({ taskId }) => taskId)).toEqual([...first, ...first]);
  expect(coverage).toEqual({
    of: "tasks",
    selected: 3,
    total: 60,
    excluded: [{ reason: "workload.limit", count: 57 }],
  });
});

test.each([
  {
    what: "the context of an engine that will be started",
    more: { stack: { kind: "embedded", agent: { contextLength: 32_768 } }, sampling: { maxTokens: 100 } },
    says: "workload.lengths: 32768, 65536 tokens and an answer of up to 100 (sampling.maxTokens) do not fit into the model's context of 32768 tokens. The longest prompt that leaves room is 32668:",
  },
  {
    what: "a folder without a tokenizer",
    workload: { tokenizer: "docs" },
    says: "workload.tokenizer: the folder docs cannot count tokens: it has no tokenizer.json",
  },
])("$what refuses a plan", ({ workload = {}, more = {}, says }) => {
  expect(() => planned(workload, more)).toThrow(says);
});

test.each([
  { workload: { lengths: ["8KB"] }, says: "such as 8K" },
  { workload: { lengths: [100] }, says: "1024" },
  { workload: { lengths: [8192, "8K"] }, says: "8192 is there already" },
  { workload: { depths: [0, 1.5] }, says: "<=1" },
  { workload: { kinds: [] }, says: "kinds" },
])("$workload is refused with $says", ({ workload, says }) => {
  expect(() => experimentOf(workload)).toThrow(says);
});

test("a model folder is part of what two runs must have in common, the place where it lies is not", () => {
  const { hashes } = planned({ tokenizer: simulatorFolder });
  expect(Object.keys(hashes)).toEqual(["questions", "tokenizer.json"]);
});

test("the simulated engine knows exactly the questions that are asked", () => {
  const file = "suites/long-context/knowledge.jsonl";
  // After a change of the material: node -e 'import("./suites/long-context/knowledge.ts").then(…)' with this text.
  expect(readFileSync(file, "utf8")).toBe(knowledgeText());
  expect(planned({ simulated: { correct: 0.3 } }).taskData.simulator).toContainEqual(["correct", "0.3"]);
});
