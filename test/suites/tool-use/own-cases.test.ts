import { readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { z } from "zod";
import { readCases } from "../../../suites/tool-use/cases/read-cases.ts";
import { categories, type ToolUseCase } from "../../../suites/tool-use/contract/case.ts";
import type { State } from "../../../suites/tool-use/contract/state.ts";
import { caseFileOf } from "../../../suites/tool-use/plan.ts";
import { scoreAttempt } from "../../../suites/tool-use/scoring/score.ts";
import { stateFaults } from "../../../suites/tool-use/scoring/state-faults.ts";
import { Shop } from "../../../suites/tool-use/service/shop.ts";
import { ownToolNames, parameterFacts } from "../../../suites/tool-use/tools/definitions.ts";

const file = caseFileOf({});
const { cases } = readCases(file);
const step = z.union([
  z.strictObject({ text: z.string().min(1) }),
  z.strictObject({
    calls: z.array(z.strictObject({ name: z.string(), arguments: z.record(z.string(), z.unknown()) })).min(1),
  }),
]);
const knowledge = readFileSync(join(file, "..", "knowledge.jsonl"), "utf8")
  .trimEnd()
  .split("\n")
  .map((line) =>
    z
      .strictObject({ key: z.string(), good: z.array(step), bad: z.array(z.array(step)).min(2) })
      .parse(JSON.parse(line)),
  );

test("there are fifty, ten of each category, and no two ask the same", () => {
  const count = (category: string) => cases.filter((task) => task.category === category).length;
  expect(categories.map(count)).toEqual([10, 10, 10, 10, 10]);
  expect(new Set(cases.map(({ difficulty }) => difficulty))).toEqual(new Set(["easy", "medium", "hard"]));
  const prompts = cases.map(({ prompt }) => prompt);
  for (const prompt of prompts) expect(prompts.filter((other) => other.includes(prompt))).toEqual([prompt]);
  expect(knowledge.map(({ key }) => key)).toEqual(prompts);
});

test("each is judged by something that it does, and every tool is used somewhere", () => {
  for (const task of cases)
    expect([task.id, task.state !== null || task.answer !== null]).toEqual([task.id, true]);
  const used = new Set(
    cases.flatMap(({ expected, allowed }) => [...expected.map(({ tool }) => tool), ...allowed]),
  );
  expect(ownToolNames.filter((name) => !used.has(name))).toEqual([]);
  const known = cases.flatMap(({ expected, faults }) => [...expected, ...faults]).map(({ tool }) => tool);
  expect(known.filter((name) => !ownToolNames.includes(name))).toEqual([]);
});

/** What is there when nobody has done anything. */
function untouched({ setup }: ToolUseCase): State {
  const shop = new Shop(setup.service);
  const lists = (["products", "orders"] as const).map((list) => [list, shop.list(list) ?? []]);
  return {
    files: new Map(Object.entries(setup.files)),
    processes: setup.processes,
    service: Object.fromEntries(lists) as State["service"],
  };
}

test("nobody passes by doing nothing, or by saying the question again", () => {
  for (const task of cases) {
    for (const text of ["Done.", task.prompt]) {
      const faults = stateFaults(task, untouched(task));
      const attempted = { calls: [], text, stateFaults: faults, oneRequest: false, crash: null };
      const { completion } = scoreAttempt(task, attempted, parameterFacts([]));
      expect([task.id, text, completion.passed]).toEqual([task.id, text, false]);
    }
  }
});

test("the last step of every script is what is said", () => {
  for (const { good, bad } of knowledge)
    for (const steps of [good, ...bad])
      expect(steps.findIndex((one) => "text" in one)).toBe(steps.length - 1);
});
