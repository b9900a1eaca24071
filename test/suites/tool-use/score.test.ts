import { expect, test } from "vitest";
import type { ToolUseCase } from "../../../suites/tool-use/contract/case.ts";
import { answerFaults, numbersIn, spokenText } from "../../../suites/tool-use/scoring/answer.ts";
import { scoreAttempt, type Attempted } from "../../../suites/tool-use/scoring/score.ts";
import { scoreNames, scoresOf } from "../../../suites/tool-use/scoring/score-names.ts";
import { stateFaults } from "../../../suites/tool-use/scoring/state-faults.ts";
import { parameterFacts } from "../../../suites/tool-use/tools/definitions.ts";
import { aCall, aCase, exact } from "./a-case.ts";

const ended: Attempted = { calls: [], text: "Done.", stateFaults: [], oneRequest: false, crash: null };
const scored = (task: Partial<ToolUseCase>, attempted: Partial<Attempted>) =>
  scoreAttempt(aCase(task), { ...ended, ...attempted }, parameterFacts([]));
const values = (score: ReturnType<typeof scored>) =>
  Object.fromEntries(scoresOf(score).map(({ name, value }) => [name, value]));

const read = { tool: "read_file", params: { path: "a.txt" }, fails: false };
const write = { tool: "write_file", params: { path: "b.txt", content: "x" }, fails: false };
const readA = aCall("read_file", { path: "a.txt" });
const writeB = aCall("write_file", { path: "b.txt", content: "x" });
const answer = { contains: [["blue"]], lacks: [], numbers: [] };

test("a case of the plan's six fields is done by the call that it expects, and by nothing else", () => {
  const of = (calls: Attempted["calls"]) => scored({ expected: [read] }, { calls });
  expect(
    [of([readA]), of([]), of([writeB]), of([readA, writeB])].map(({ verdict, completion }) => [
      verdict,
      completion.parts,
    ]),
  ).toEqual([
    ["passed", ["CALLS"]],
    ["no-call", ["CALLS"]],
    ["wrong-tool", ["CALLS"]],
    ["extra-call", ["CALLS"]],
  ]);
  expect(values(of([readA]))).toEqual({ completion: 1, "call-accuracy": 1, "parameter-correctness": 1 });
  expect(values(of([]))).toEqual({ completion: 0, "call-accuracy": 0 });
  expect(values(of([readA, writeB]))).toEqual({
    completion: 0,
    "call-accuracy": 0.5,
    "parameter-correctness": 1,
  });
});

test("a case that no tool is needed for is spoilt by any", () => {
  expect(values(scored({}, {}))).toEqual({ completion: 1, "call-accuracy": 1 });
  expect(values(scored({}, { calls: [readA] }))).toEqual({ completion: 0, "call-accuracy": 0 });
  expect(scored({}, { calls: [readA] }).verdict).toBe("extra-call");
});

test("where no tool is to be called, a right answer does not make up for a call", () => {
  const score = scored({ answer }, { calls: [readA], text: "blue" });
  expect([score.verdict, score.completion.passed, score.completion.parts]).toEqual([
    "extra-call",
    false,
    ["CALLS", "ANSWER"],
  ]);
  expect(scored({ answer }, { text: "blue" }).verdict).toBe("passed");
  // An agent that asks once has answered, where it has called nothing.
  expect(scored({ answer }, { text: "blue", oneRequest: true }).verdict).toBe("passed");
  expect(scored({ answer }, { text: "red", oneRequest: true }).verdict).toBe("wrong-answer");
  expect(scored({ answer, allowed: ["read_file"] }, { calls: [readA], text: "blue" }).verdict).toBe("passed");
});

test("a case with an answer may be done by other calls, and the calls keep a score of their own", () => {
  const calls = [aCall("run_command", { command: "cat a.txt" })];
  const score = scored({ expected: [read], answer }, { calls, text: "It is Blue." });
  expect([score.verdict, score.completion.parts]).toEqual(["passed", ["ANSWER"]]);
  expect(values(score)).toEqual({ completion: 1, "call-accuracy": 0 });
});

test("right calls and a wrong answer are told from wrong calls", () => {
  expect(scored({ expected: [read], answer }, { calls: [readA], text: "It is red." }).verdict).toBe(
    "wrong-answer",
  );
  expect(scored({ expected: [read], answer }, { calls: [readA], text: null }).faults).toEqual([
    "gives no answer",
  ]);
  const state = { files: {}, service: [], processes: {} };
  const spoilt = { calls: [readA], stateFaults: ["b.txt is gone, and was to stay"] };
  expect(scored({ expected: [read], state }, spoilt)).toMatchObject({
    verdict: "wrong-state",
    completion: { passed: false },
  });
});

test("with one request nobody answers: the calls stand for the answer, and the parts say so", () => {
  const score = scored({ expected: [read], answer }, { calls: [readA], text: null, oneRequest: true });
  expect([score.verdict, score.completion.parts]).toEqual(["passed", ["CALLS"]]);
  const failed = aCall("read_file", { path: "a.txt" }, "failed");
  expect(
    scored({ expected: [read], answer }, { calls: [failed], text: null, oneRequest: true }).verdict,
  ).toBe("failed-call");
});

test("a workflow is every call, right, in its order, and the case done", () => {
  const task = { expected: [read, write], state: { files: {}, service: [], processes: {} } };
  expect(scored(task, { calls: [readA, writeB] }).workflow).toBe(true);
  expect(scored(task, { calls: [writeB, readA] })).toMatchObject({
    workflow: false,
    completion: { passed: true },
  });
  expect(scored({ ...task, inOrder: false }, { calls: [writeB, readA] }).workflow).toBe(true);
  expect(scored(task, { calls: [readA, writeB], stateFaults: ["b.txt is not there"] }).workflow).toBe(false);
  expect(scored({ expected: [read] }, { calls: [readA] }).workflow).toBeNull();
});

test("recovery is asked only where a planned error came", () => {
  const task = { expected: [read], answer, faults: [{ tool: "read_file", calls: [1], content: "EIO" }] };
  const injected = aCall("read_file", { path: "a.txt" }, "injected");
  expect(scored(task, { calls: [injected, readA], text: "blue" }).recovery).toBe(true);
  expect(scored(task, { calls: [injected], text: "I do not know." }).recovery).toBe(false);
  expect(scored(task, { calls: [], text: "blue" }).recovery).toBeNull();
  expect(
    scored({ expected: [read], answer }, { calls: [aCall("read_file", {}, "failed"), readA], text: "blue" })
      .recovery,
  ).toBeNull();
});

test("whoever came to no end has not done it, whatever lies there", () => {
  const late = scored({ expected: [read] }, { calls: [readA], crash: "timed out after 5 s" });
  expect([late.verdict, late.completion.passed, late.faults]).toEqual([
    "timeout",
    false,
    ["timed out after 5 s"],
  ]);
  expect(scored({ expected: [read] }, { calls: [readA], crash: "The model said nothing" }).verdict).toBe(
    "agent-error",
  );
});

test("scores come in the order of their names, and all lie between 0 and 1", () => {
  const task = { expected: [read, write], faults: [{ tool: "read_file", calls: [1], content: "EIO" }] };
  const scores = scoresOf(scored(task, { calls: [aCall("read_file", {}, "injected"), readA, writeB] }));
  expect(scores.map(({ name }) => name)).toEqual(scoreNames.names.map(({ name }) => name));
  expect(scores.every(({ value }) => value !== null && value >= 0 && value <= 1)).toBe(true);
});

test.for([
  { text: "It costs 1,234.50 EUR.", numbers: [1234.5] },
  { text: "between 3 and 17, or 3-5", numbers: [3, 17, 3, 5] },
  { text: "version 1.2.3 of a1b2", numbers: [] },
  { text: "-4 degrees, −7 at night, 5kg", numbers: [-4, -7, 5] },
  { text: "12. And 1e3.", numbers: [12, 1000] },
  { text: "1,23,4 and 12,34", numbers: [] },
])("numbers of $text", ({ text, numbers }) => {
  expect(numbersIn(text)).toEqual(numbers);
});

test("an answer is what was said, not what was thought", () => {
  const checks = { contains: [["blue", "azure"], ["sky"]], lacks: ["red"], numbers: [7] };
  const faults = (text: string) => answerFaults(checks, spokenText(text), exact);
  expect(faults("The SKY\n is   Azure: 7.")).toEqual([]);
  expect(faults("<think>red? no</think>The sky is blue, 7 of 10")).toEqual([]);
  expect(faults("red? no</think>The sky is blue, 7 of 10")).toEqual([]);
  expect(faults("<think>The sky is blue: 7")).toEqual([
    "does not say blue or azure",
    "does not say sky",
    "does not say the number 7",
  ]);
  expect(faults("The sky is blue or red: 17 of 70")).toEqual(["says red", "does not say the number 7"]);
});

test("files that a case does not name are to be as they were", () => {
  const task = aCase({
    setup: { files: { "a.txt": "1", "b.txt": "2" }, processes: ["p"], environment: {}, service: {} },
    state: {
      files: { "b.txt": null, "c.txt": "x" },
      service: [{ list: "orders", where: { quantity: 2 }, count: 1 }],
      processes: { p: true },
    },
  });
  const orders = [
    { id: "A-1", quantity: 2 },
    { id: "A-2", quantity: 3 },
  ];
  const good = {
    files: new Map([
      ["a.txt", "1"],
      ["c.txt", "x\n"],
    ]),
    processes: ["p"],
    service: { orders },
  };
  expect(stateFaults(task, good)).toEqual([]);
  const bad = { files: new Map([["b.txt", "2"]]), processes: [], service: { orders: [] } };
  expect(stateFaults(task, bad)).toEqual([
    "b.txt is there, and should not be",
    "c.txt is not there",
    "a.txt is gone, and was to stay",
    'orders has 0 with {"quantity":2}, not 1',
    "process p has ended",
  ]);
});
