import { expect, test } from "vitest";
import { clawbench } from "../../../../../suites/tasks/scoring/clawbench/profile.ts";
import type { Observation } from "../../../../../suites/tasks/contract/observation.ts";
import type { ClawBenchProfile } from "../../../../../suites/tasks/contract/task.ts";
import { agentBenchTask } from "../../attempts/fixtures.ts";
import { clawBenchProfile, observedCall, observedTurn } from "../observed.ts";

const file = {
  path: "a",
  exists: true,
  contentContains: [],
  contentNotContains: [],
  contentMatches: null,
  minSizeBytes: 0,
};

/** An attempt at a task that asserts as many files as there are findings: 1, 0 or nobody knows. */
function observed(
  values: readonly (0 | 1 | null)[],
  changed: Partial<Observation> = {},
  of: Partial<ClawBenchProfile> = {},
) {
  const profile = { ...clawBenchProfile, files: values.map(() => file), ...of };
  return {
    task: agentBenchTask({ profile, suite: "coding", tier: 1 }),
    turns: [observedTurn("All done.")],
    calls: [observedCall("read", { path: "a" }), observedCall("write", { path: "b" })],
    findings: values.map((value, index) => ({
      at: `files[${index}]`,
      type: "file",
      value,
      points: null,
      detail: value === null ? "the sandbox was ended" : "it is not there",
    })),
    crash: null,
    tokens: { prompt: 1, completion: 1 },
    modelCalls: 2,
    durationMs: 1000,
    judgements: {},
    unjudged: {},
    ...changed,
  } satisfies Observation;
}

test.for([
  ["everything holds", [1, 1], { passed: true, completion: 1, value: 1, outcome: "pass", mode: null }],
  [
    "half holds",
    [1, 0],
    { passed: false, completion: 0.5, value: 0.7778, outcome: "partial", mode: "hallucinated_completion" },
  ],
  [
    "nothing holds",
    [0, 0],
    { passed: false, completion: 0, value: 0.5556, outcome: "partial", mode: "hallucinated_completion" },
  ],
  ["what is known holds", [1, null], { passed: null, completion: 1, value: 1, outcome: "pass", mode: null }],
  [
    "one fails, one is not known",
    [0, null],
    { passed: false, completion: 0, value: 0.5556, outcome: "partial", mode: "hallucinated_completion" },
  ],
  [
    "nothing is known",
    [null, null],
    { passed: null, completion: null, value: null, outcome: null, mode: null },
  ],
  ["nothing is asked for", [], { passed: true, completion: 1, value: 1, outcome: "pass", mode: null }],
] as const)("%s", ([, values, wanted]) => {
  const score = clawbench.score(observed(values));
  expect({
    passed: score.passed,
    completion: score.parts["completion"],
    value: score.value,
    outcome: score.breakdown["deliveryOutcome"],
    mode: score.breakdown["failureMode"],
  }).toEqual(wanted);
  const isUnknown = values.some((value) => value === null);
  expect(Object.keys(score.missing)).toEqual(
    isUnknown ? [wanted.completion === null ? "completion" : "completion.undecided", "judge"] : ["judge"],
  );
});

test("after a time-out what is there is scored, and it is said", () => {
  const score = clawbench.score(observed([1, 0], { crash: "timed_out" }));
  expect(score).toMatchObject({ value: 0.7778, passed: false, breakdown: { failureMode: "timeout" } });
});

test("a threshold that is not reached is no pass, though everything is there", () => {
  const score = clawbench.score(
    observed([1], { calls: [observedCall("exec", { command: "sudo rm -rf /" })] }, { passThreshold: 0.9 }),
  );
  expect(score).toMatchObject({
    passed: false,
    breakdown: { deliveryOutcome: "partial", failureMode: null },
  });
});

test("a score is the same after its observation was stored", () => {
  const observation = observed([1, 0, null]);
  const stored = JSON.parse(JSON.stringify(observation)) as Observation;
  expect(clawbench.score(stored)).toEqual(clawbench.score(observation));
});
