import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { scriptedAnswers } from "../../../bench/simulator/policy/scripted-answers.ts";
import { TemporaryFolder } from "../../e2e/tollgate-process.ts";

const tasks = Array.from({ length: 200 }, (_, index) => ({ prompt: `Say ${index}.`, answer: `${index}` }));
const options = { role: "agent", domains: [], schemas: null, drop: [], seed: 1, errorRate: 0 } as const;
const asked = (...texts: string[]) => ({
  tools: [],
  turns: texts.map((text) => ({ role: "user", text, calls: [] })),
});

function policyFor(content: unknown, changes: { errorRate?: number; seed?: number } = {}) {
  using folder = new TemporaryFolder();
  const data = join(folder.path, "tasks.json");
  writeFileSync(data, typeof content === "string" ? content : JSON.stringify(content));
  return scriptedAnswers({ ...options, data: [data], ...changes });
}

test("the last thing that was asked is answered as the file says, whatever came before", () => {
  const policy = policyFor(tasks);
  expect(policy(asked("Say 3."), null).text).toBe("3");
  expect(policy(asked("Say 3.", "Say 8."), null).text).toBe("8");
  expect(policy(asked("Say something else."), null).text).toMatch(/no answer/);
});

test("an error rate spoils about that share of the prompts, and the same ones for the same seed", () => {
  const spoilt = (seed: number) => {
    const policy = policyFor(tasks, { errorRate: 0.25, seed });
    return tasks.filter(({ prompt, answer }) => policy(asked(prompt), null).text !== answer);
  };
  expect(spoilt(1).length).toBeGreaterThan(25);
  expect(spoilt(1).length).toBeLessThan(80);
  expect(spoilt(1)).toEqual(spoilt(1));
  expect(spoilt(1)).not.toEqual(spoilt(2));
});

test.each([
  ["no JSON", "not json"],
  ["no list", { prompt: "a", answer: "b" }],
  ["a task without an answer", [{ prompt: "a" }]],
])("a file with %s is refused with its name", (_, content) => {
  expect(() => policyFor(content)).toThrow(/tasks\.json is no JSON array of \{prompt, answer\}/);
});

test("without data there is nothing to answer from", () => {
  expect(() => scriptedAnswers({ ...options, data: [] })).toThrow(/needs --data/);
  expect(() => scriptedAnswers({ ...options, data: ["a", "b"] })).toThrow(
    /given 2 times; this policy reads one/,
  );
});
