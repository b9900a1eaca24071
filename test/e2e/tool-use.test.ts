import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { fastEngine, lastLine, unchecked, Workplace } from "./small-experiment.ts";
import { samplesOf } from "./tool-use-samples.ts";
import { episodesOf, expectExit } from "./tollgate-process.ts";

const experiment = (workload: object, agent = "native") => ({
  name: "tools",
  stack: { kind: "embedded", agent: fastEngine },
  arms: [{ kind: "raw" }],
  agent: { kind: agent },
  workload: { kind: "tool-use", ...workload },
  sweep: { concurrency: [4] },
});

test("a model that knows everything does all fifty cases, with tools that are really executed", async () => {
  using place = new Workplace(experiment({}));
  const finished = await place.sweep(...unchecked);
  expectExit(finished, 0);
  const run = lastLine(finished);
  const episodes = episodesOf(run);
  expect(episodes).toHaveLength(50);
  for (const { scores, taskId } of episodes)
    expect([taskId, scores?.map(({ name, value }) => [name, value])]).toEqual([
      taskId,
      scores?.map(({ name }) => [name, 1]),
    ]);
  const measured = (name: string) =>
    episodes.filter(({ scores }) => scores?.some((one) => one.name === name)).length;
  expect(["workflow", "recovery"].map(measured)).toEqual([13, 10]);
  const samples = samplesOf(run);
  expect(new Map(samples.map(({ attemptKey, scores }) => [attemptKey, scores]))).toEqual(
    new Map(episodes.map(({ attemptKey, scores }) => [attemptKey, scores])),
  );
});

test("an agent that asks once does the thirty cases that can be done so, and the rest is not counted as failed", async () => {
  using place = new Workplace(experiment({}, "chat"));
  const finished = await place.sweep(...unchecked);
  expectExit(finished, 0);
  const run = lastLine(finished);
  const episodes = episodesOf(run);
  expect(episodes.map(({ requests, reward }) => [requests, reward])).toEqual(
    Array.from({ length: 30 }, () => [1, 1]),
  );
  const { coverage } = JSON.parse(readFileSync(join(run, "run.json"), "utf8")) as { coverage: unknown };
  expect(coverage).toMatchObject({ selected: 30, total: 50, excluded: [{ count: 20 }] });
});

const tools = [
  {
    name: "roll",
    description: "Rolls a die with that many sides",
    parameters: { type: "object", properties: { sides: { type: "integer" } }, required: ["sides"] },
    run: "cat > rolled.json; echo 4",
  },
];
const ask = (id: string, prompt: string, more: object) => ({ test_id: id, prompt, ...more });
const roll = { expected_tool: "roll", expected_params: { sides: 6 } };
const mine = [
  { tools },
  ask("right", "Roll a die.", { ...roll, checks: { files: { "rolled.json": { $json: { sides: 6 } } } } }),
  ask("wrong-type", "Roll another die.", roll),
  ask("no-object", "Roll a third die.", roll),
  ask("loops", "Roll for ever.", roll),
  ask("silent", "Say nothing.", roll),
  ask("other-tool", "Roll a fourth die.", roll),
  ask("cut-off", "Talk without an end.", roll),
];
const call = (name: string, given: unknown) => ({ calls: [{ name, arguments: given }] });
const knows = (key: string, ...steps: readonly object[]) => ({ key, good: steps, bad: [steps] });
const knowledge = [
  knows("Roll a die.", call("roll", { sides: 6 }), { text: "4" }),
  knows("Roll another die.", call("roll", { sides: "6" }), { text: "4" }),
  knows("Roll a third die.", call("roll", '{"sides": 6'), { text: "4" }),
  knows("Roll for ever.", ...Array.from({ length: 120 }, () => call("roll", { sides: 6 }))),
  knows("Say nothing.", { text: "" }),
  knows("Roll a fourth die.", call("list_orders", {}), { text: "4" }),
  knows("Talk without an end.", { text: "word ".repeat(400) }),
];

test("a user's own cases with tools of their own, and each way in which a model fails them, by name", async () => {
  using place = new Workplace({
    ...experiment({ cases: "mine.jsonl", knowledge: "known.jsonl" }),
    sampling: { maxTokens: 200 },
  });
  const lines = (rows: readonly object[]) => rows.map((row) => `${JSON.stringify(row)}\n`).join("");
  writeFileSync(join(place.path, "mine.jsonl"), lines(mine));
  writeFileSync(join(place.path, "known.jsonl"), lines(knowledge));
  const finished = await place.sweep(...unchecked);
  expectExit(finished, 0);
  const run = lastLine(finished);
  const verdicts = Object.fromEntries(
    samplesOf(run).map(({ taskId, verdict, details }) => [taskId, [verdict, details["faults"]]]),
  );
  expect(verdicts).toEqual({
    right: ["passed", []],
    "wrong-type": ["wrong-parameters", ["calls roll with wrong sides"]],
    "no-object": ["agent-error", expect.arrayContaining(["calls roll with wrong sides"])],
    loops: ["agent-error", expect.arrayContaining(["the model made calls in 100 answers and went on"])],
    silent: ["agent-error", expect.arrayContaining(["does not call roll"])],
    "other-tool": ["wrong-tool", ["does not call roll", "calls list_orders, which nothing asks for"]],
    "cut-off": ["length", ["does not call roll"]],
  });
  const cut = episodesOf(run).find(({ taskId }) => taskId === "cut-off");
  expect([cut?.labels, cut?.reward]).toEqual([["length", "no-answer"], 0]);
});

test("where no tool is to be called, words are an answer, so that the first of such cases do not stop a run", async () => {
  const silent = ask("silent", "Say nothing at all.", { expected_tool: null });
  const talking = Array.from({ length: 5 }, (_, at) => `What is ${at} and 1?`);
  using place = new Workplace(experiment({ cases: "none.jsonl", knowledge: "known.jsonl" }));
  const lines = (rows: readonly object[]) => rows.map((row) => `${JSON.stringify(row)}\n`).join("");
  const cases = [...talking.map((prompt, at) => ask(`sum-${at}`, prompt, { expected_tool: null })), silent];
  const texts = talking.map((prompt, at) => knows(prompt, { text: `It is ${at + 1}.` }));
  writeFileSync(join(place.path, "none.jsonl"), lines(cases));
  writeFileSync(
    join(place.path, "known.jsonl"),
    lines([...texts, knows("Say nothing at all.", { text: "" })]),
  );
  const finished = await place.sweep(...unchecked);
  expectExit(finished, 0);
  const labels = episodesOf(lastLine(finished)).map(({ taskId, labels }) => [taskId, labels]);
  expect(Object.fromEntries(labels)).toEqual({
    ...Object.fromEntries(talking.map((_, at) => [`sum-${at}`, []])),
    silent: ["no-answer"],
  });
});
