import { join } from "node:path";
import { expect, test } from "vitest";
import type { EvaluationInput, Tau2Message } from "../../../../openclaw-tau2/tau2/contract/domain.ts";
import { evaluate, EvaluationError } from "../../../../openclaw-tau2/tau2/evaluation/evaluate.ts";
import { loadDomain } from "../../../../openclaw-tau2/tau2/loading/load.ts";
import { parseTask } from "../../../../openclaw-tau2/tau2/tasks/task.ts";

const library = loadDomain({
  domain: "library",
  dataDirectory: join(import.meta.dirname, "../../../../openclaw-tau2/data"),
});

const criteria = {
  actions: [{ action_id: "a0", name: "renew_loan", arguments: { loan_id: "L301" } }],
  communicate_info: ["1200"],
  nl_assertions: ["The agent is polite."],
};

function taskWith(changes: object) {
  const text = JSON.stringify({ id: "t", evaluation_criteria: { ...criteria, ...changes } });
  return parseTask(text, false);
}

/** An episode in which the desk renews the loan and says the number with a comma. */
function episode(task: EvaluationInput["task"], changes: Partial<EvaluationInput> = {}): EvaluationInput {
  const call = {
    id: "c1",
    name: "renew_loan",
    argumentsText: '{"loan_id": "L301"}',
    requestor: "assistant",
  } as const;
  const reply = library.createEnvironment().call(call);
  const messages: Tau2Message[] = [
    { role: "assistant", content: null, toolCalls: [call] },
    { role: "tool", id: "c1", requestor: "assistant", ...reply },
    { role: "assistant", content: "That makes 1,200.", toolCalls: null },
    { role: "user", content: "###STOP###", toolCalls: null },
  ];
  const rest = { terminationReason: "user_stop", solo: false, strictReplay: true, judge: null };
  return { task, messages, ...rest, ...changes };
}

test("database and communication make the default reward; assertions in prose stay out of it", () => {
  const task = taskWith({});
  const { reward, rewardBasis, dump, hashes } = evaluate(library, episode(task));
  expect([reward, rewardBasis]).toEqual([1, ["DB", "COMMUNICATE"]]);
  expect(dump).toMatchObject({
    reward: 1,
    db_check: { db_match: true, db_reward: 1 },
    nl_assertions: null,
    communicate_checks: [
      { justification: "Information '1200' communicated in the message:\n 'That makes 1,200.'" },
    ],
    reward_breakdown: { DB: 1, COMMUNICATE: 1 },
  });
  expect(hashes?.goldAgent).toBe(hashes?.predictedAgent);
  const silent = episode(task, { messages: episode(task).messages.slice(0, 2) });
  expect(evaluate(library, silent).reward).toBe(0);
  const idle = episode(task, { messages: episode(task).messages.slice(2) });
  expect(evaluate(library, idle).dump).toMatchObject({
    reward: 0,
    reward_breakdown: { DB: 0, COMMUNICATE: 1 },
  });
});

test("without a judge the reward is null, also where another component already failed", () => {
  const task = taskWith({ reward_basis: ["DB", "NL_ASSERTION"] });
  for (const messages of [episode(task).messages, []]) {
    const { reward, rewardBasis, dump } = evaluate(library, episode(task, { messages }));
    expect([reward, rewardBasis]).toEqual([null, ["DB", "NL_ASSERTION"]]);
    expect(dump).toMatchObject({
      reward: null,
      reward_breakdown: { DB: messages.length > 0 ? 1 : 0 },
      info: { nl: { note: "Not judged: 1 nl_assertions" } },
    });
  }
});

test("the judge's entries decide, an empty answer counts as met, and no assertions mean no question", () => {
  const task = taskWith({ reward_basis: ["NL_ASSERTION"] });
  const entry = { nlAssertion: "another wording", met: false, justification: "no" };
  const judged = evaluate(library, episode(task, { judge: () => [entry] }));
  expect(judged.reward).toBe(0);
  expect(judged.dump).toMatchObject({
    nl_assertions: [{ nl_assertion: "another wording", met: false, justification: "no" }],
  });
  expect(evaluate(library, episode(task, { judge: () => [] })).reward).toBe(1);
  const unasked = () => {
    throw new Error("asked");
  };
  const nothing = taskWith({ reward_basis: ["NL_ASSERTION"], nl_assertions: [] });
  expect(evaluate(library, episode(nothing, { judge: unasked })).reward).toBe(1);
});

test("ends before their time, and tasks without criteria", () => {
  const premature = evaluate(library, episode(taskWith({}), { terminationReason: "max_steps" }));
  expect([premature.reward, premature.rewardBasis, premature.hashes]).toEqual([0, null, null]);
  expect(premature.dump).toMatchObject({
    info: { note: "Simulation terminated prematurely. Termination reason: max_steps" },
  });
  const free = evaluate(library, episode(parseTask('{"id": "t"}', false)));
  expect([free.reward, free.rewardBasis]).toEqual([1, null]);
  const unchecked = taskWith({ actions: null, reward_basis: ["DB"] });
  expect(evaluate(library, episode(unchecked)).dump).toMatchObject({ reward: 1, reward_breakdown: {} });
});

test("golden actions match calls by equal arguments, as the call or compare_args name them", () => {
  const matches = (action: object): unknown => {
    const actions = [{ ...criteria.actions[0], ...action }];
    return evaluate(library, episode(taskWith({ actions, reward_basis: ["ACTION"] }))).reward;
  };
  expect(matches({})).toBe(1);
  expect(matches({ arguments: { loan_id: "L301", extra: 1 } })).toBe(1);
  expect(matches({ arguments: { loan_id: "L302" } })).toBe(0);
  expect(matches({ arguments: { loan_id: "L302" }, compare_args: [] })).toBe(1);
  expect(matches({ arguments: {}, compare_args: ["loan_id"] })).toBe(0);
  expect(matches({ name: "no_such_tool" })).toBe(0);
});

test("a golden action that raises or does not exist is ignored, an assertion that cannot run is an error", () => {
  const actions = [...criteria.actions, { action_id: "x", name: "no_such_tool", arguments: {} }];
  expect(evaluate(library, episode(taskWith({ actions }))).reward).toBe(1);
  const assertion = { env_type: "assistant", func_name: "no_such_check", arguments: {} };
  const run = () => evaluate(library, episode(taskWith({ env_assertions: [assertion] })));
  expect(run).toThrow(EvaluationError);
  expect(run).toThrow("'LibraryTools' object has no attribute 'no_such_check'");
});

test("a transcript that cannot be replayed is an error with Python's class", () => {
  const task = taskWith({});
  const [call, result, ...rest] = episode(task).messages;
  const tampered = { ...result, content: "{}" } as Tau2Message;
  const run = (strictReplay: boolean) => () =>
    evaluate(library, episode(task, { messages: [call as Tau2Message, tampered, ...rest], strictReplay }));
  expect(run(true)).toThrow(EvaluationError);
  expect(run(true)).toThrow(/^Tool call:/);
  expect(run(false)().reward).toBe(1);
});
