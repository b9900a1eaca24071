import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { sections } from "../../../bench/commands/parts.ts";
import { chat } from "../../../bench/agent/chat/agent.ts";
import { native } from "../../../bench/agent/native/agent.ts";
import { experimentSchema } from "../../../bench/config/experiment.ts";
import type { ToolUseExperiment } from "../../../suites/tool-use/contract/section.ts";
import { planOf } from "../../../suites/tool-use/plan.ts";
import { Folder } from "../tasks/temporary-folder.ts";

const agents = {
  native: native.describe({ kind: "native", prompt: "exact", gateways: "auto" }, "calls"),
  chat: chat.describe({ kind: "chat" }, "calls"),
};

function planned(workload: Readonly<Record<string, unknown>>, agent: keyof typeof agents = "native") {
  const experiment = experimentSchema(sections).parse({
    name: "x",
    stack: { kind: "embedded" },
    workload: { kind: "tool-use", ...workload },
  }) as ToolUseExperiment;
  return planOf(experiment, { agent: agents[agent] });
}

function withCases(cases: readonly object[], workload: object = {}, agent: keyof typeof agents = "native") {
  using folder = new Folder();
  const file = join(folder.path, "mine.jsonl");
  writeFileSync(file, cases.map((one) => `${JSON.stringify(one)}\n`).join(""));
  return planned({ cases: file, ...workload }, agent);
}

const asked = (id: string, more: object = {}) => ({
  test_id: id,
  prompt: id,
  expected_tool: "read_file",
  ...more,
});

test("our cases are planned once a trial, with seeds of their own and their place on the axes", () => {
  const { coverage, episodes, hashes, taskData, warnings } = planned({
    trials: 2,
    seed: 7,
    simulated: { correct: 0.3 },
  });
  expect(coverage).toEqual({ of: "cases", selected: 50, total: 50, excluded: [] });
  expect(episodes).toHaveLength(100);
  expect(episodes[0]).toEqual({
    taskId: "read-meeting-time",
    trial: 0,
    seed: 7,
    facts: { domain: "files", axes: { category: "files", difficulty: "easy" } },
  });
  expect(new Set(episodes.map(({ trial, seed }) => `${trial} ${seed}`))).toEqual(new Set(["0 7", "1 8"]));
  expect(Object.keys(hashes)).toEqual(["cases.jsonl"]);
  expect(taskData.simulator).toContainEqual(["correct", "0.3"]);
  expect(warnings).toEqual([]);
});

test("an agent that asks once gets the cases that can be done at once, and the plan says how many and why", () => {
  const { coverage, episodes, facts, warnings } = planned({}, "chat");
  expect(coverage).toEqual({
    of: "cases",
    selected: 30,
    total: 50,
    excluded: [
      { reason: "need the result of a call, which an agent with one request never sees", count: 20 },
    ],
  });
  expect(new Set(episodes.map((episode) => episode.facts.domain))).toEqual(
    new Set(["files", "system", "api"]),
  );
  expect(facts["judgedBy"]).toBe("calls and state");
  expect(warnings?.join()).toContain("asks its model once");
});

test("each case that is left out has its reason, and they add up", () => {
  const cases = [
    asked("a"),
    asked("b", { expected_tool: "fly_away" }),
    asked("c", { category: "api" }),
    asked("d"),
    asked("e"),
  ];
  const { coverage, warnings } = withCases(cases, { limit: 2, category: "uncategorized" });
  expect(coverage).toEqual({
    of: "cases",
    selected: 2,
    total: 5,
    excluded: [
      { reason: "need a tool that is not there: fly_away", count: 1 },
      { reason: "of other categories", count: 1 },
      { reason: "beyond workload.limit", count: 1 },
    ],
  });
  expect(warnings?.join()).toContain("1 cases are left out: they need a tool that is not there: fly_away");
  expect(warnings?.join()).toContain("knows nothing of the cases");
});

test("a plan with no case left, an unknown category, and a tool under a name of ours are refused", () => {
  expect(() => withCases([asked("a", { expected_tool: "fly" })])).toThrow(
    /none is left: 1 need a tool that is not there: fly/,
  );
  expect(() => withCases([asked("a", { category: "multi-step" })], {}, "chat")).toThrow(/none is left/);
  expect(() => planned({ category: ["files", "flies"] })).toThrow(
    /no case is of category flies; there are files, system/,
  );
  expect(() => withCases([{ tools: [{ name: "read_file", run: "true" }] }, asked("a")])).toThrow(
    /brings a tool read_file/,
  );
});
