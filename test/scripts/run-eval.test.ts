import { spawnSync } from "node:child_process";
import { expect, test } from "vitest";

function door(...args: readonly string[]) {
  const { status, stderr } = spawnSync(process.execPath, ["scripts/run-eval.ts", ...args], {
    encoding: "utf8",
  });
  return { code: status, said: stderr };
}

test.each([
  [
    "an unknown benchmark",
    ["nosuch"],
    { code: 1, said: "Unknown benchmark: nosuch. There are humaneval, mbpp" },
  ],
  ["none", [], { code: 1, said: "Which benchmark?" }],
  ["a name that every object has", ["constructor"], { code: 1, said: "Unknown benchmark: constructor" }],
  ["SWE-bench, which is said to be not covered", ["swebench"], { code: 1, said: "not covered" }],
  [
    "a data set that nobody gave",
    ["humaneval"],
    { code: 2, said: "needs --dataset FILE: nothing is downloaded" },
  ],
  [
    "a data set for built tasks",
    ["long_context", "--dataset", "f"],
    { code: 2, said: "means nothing to long_context" },
  ],
  ["a model without its server", ["tool_use", "--model", "m"], { code: 2, said: "give its --url" }],
  [
    "a temperature that is none",
    ["tool_use", "--temperature", "hot"],
    { code: 2, said: "--temperature must be" },
  ],
  ["no samples", ["tool_use", "--num_samples", "0"], { code: 2, said: "--num_samples must be" }],
])("%s is refused", (_, args, { code, said }) => {
  const ended = door(...args);
  expect(ended.said).toContain(said);
  expect(ended.code).toBe(code);
});

test("the plan's flags are settings of the experiment", () => {
  const { code, said } = door(
    "humaneval",
    "--dataset=/data/HumanEval.jsonl.gz",
    "--url=http://gpu:30000/v1",
    "--model=Some-7B",
    "--num_samples=20",
    "--limit=5",
    "--output=results",
    "--dry-run",
  );
  expect(code).toBe(0);
  for (const part of [
    "code-laptop.yaml --out results",
    `'stack={"kind":"attach","agent":{"url":"http://gpu:30000","model":"Some-7B"},`,
    `'workload.file="/data/HumanEval.jsonl.gz"'`,
    "--set workload.trials=20 --set 'workload.passAtK=[1,10]'",
    "--set sampling.temperature=0.2 --set sampling.topP=0.95 --limit 5",
  ])
    expect(said).toContain(part);
});
