import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { afterAll, expect, test } from "vitest";
import { general } from "../../../bench/feedback/metrics/general.ts";
import type { GenerateOptions, MetricContext } from "../../../bench/feedback/metrics/metric.ts";
import { TrainerError } from "../../../bench/feedback/trainer/trainer-error.ts";
import { factoryOf, testFolder } from "../../sandbox/kinds.ts";
import { answered, metricContext } from "./fake-model.ts";

const folder = testFolder();
afterAll(() => folder[Symbol.dispose]());
const sandbox = (await factoryOf("bwrap", folder.path)) ?? (await factoryOf("unshare", folder.path));
const scratchDirectory = join(folder.path, "programs");
mkdirSync(scratchDirectory);

const right =
  '```python\ndef fibonacci(n):\n    """The nth."""\n    a, b = 0, 1\n    for _ in range(n):\n        a, b = b, a + b\n    return a\n```';
const list = "1. a\n2. b\n3) c\n 4. d\n5. e";

type Answer = string | TrainerError;
const answersOf =
  ([coding, three, numbered, without]: readonly Answer[]) =>
  async (prompt: string) => {
    const answer = prompt.includes("fibonacci")
      ? coding
      : prompt.includes("exactly 3")
        ? three
        : prompt.includes("numbered")
          ? numbered
          : without;
    if (answer instanceof Error) throw answer;
    return answered(answer ?? "");
  };

function contextOf(answers: readonly Answer[], rest: Partial<MetricContext> = {}): MetricContext {
  const lent = sandbox === null ? {} : { sandbox };
  return metricContext({ generate: answersOf(answers) }, { scratchDirectory, ...lent, ...rest });
}

const gone = new TrainerError("HTTP 502: gone", { status: 502, body: "gone" });
const able = [right, "One. Two. Three.", list, "It calls itself."];

test
  .skipIf(sandbox === null)
  .each<[what: string, answers: readonly Answer[], value: object | null, missing: string[]]>([
    [
      "can do all",
      able,
      { coding_correct: true, coding_has_docstring: true, ifeval_pass_rate: 1, general_score: 1 },
      [],
    ],
    [
      "can do nothing",
      ["No.", "One.", "none", "A function."],
      { coding_correct: false, coding_has_docstring: false, ifeval_pass_rate: 0, general_score: 0 },
      [],
    ],
    [
      "writes a wrong program",
      [right.replace("return a", "return b"), ...able.slice(1)],
      { coding_correct: false, coding_has_docstring: true, ifeval_pass_rate: 1, general_score: 0.5 },
      [],
    ],
    [
      "writes an endless one",
      [right.replace("return a", "return fibonacci(n)"), ...able.slice(1)],
      { coding_correct: false, general_score: 0.5 },
      [],
    ],
    [
      "answers nothing: an empty text has no forbidden word",
      ["", "", "", "<think>hm"],
      { coding_correct: false, ifeval_pass_rate: 0, general_score: 0 },
      [],
    ],
    [
      "thinks first",
      [
        `<think>def fibonacci(n): return 1</think>${right}`,
        "<think>A. B.</think>One. Two. Three.",
        `x</think>${list}`,
        "<think>function</think>It calls itself.",
      ],
      { coding_correct: true, general_score: 1 },
      [],
    ],
    [
      "is not asked for a program",
      [gone, ...able.slice(1)],
      { coding_correct: null, coding_has_docstring: null, ifeval_pass_rate: 1, general_score: null },
      ["general, coding"],
    ],
    [
      "is not asked one instruction",
      [...able.slice(0, 3), gone],
      { coding_correct: true, ifeval_pass_rate: null, general_score: null },
      ["general, instruction 3"],
    ],
    [
      "is not there",
      [gone, gone, gone, gone],
      null,
      ["general, coding", "general, instruction 1", "general, instruction 2", "general, instruction 3"],
    ],
  ])("a model that %s", async (...[, answers, value, missing]) => {
  const found = await general.measure(contextOf(answers));
  const { general: given = null } = found.fields;
  expect(given === null ? null : { ...given, ...value }).toEqual(given);
  expect(given === null).toBe(value === null);
  expect(found.missing.map(({ on }) => on)).toEqual(missing);
  expect(found.rollouts).toHaveLength(4);
});

test.skipIf(sandbox === null)(
  "a program runs in the sandbox: it cannot read this machine's files and say that it passed",
  async () => {
    const thief = `\`\`\`python\nimport os, sys\ndef fibonacci(n):\n    open(${JSON.stringify(join(folder.path, "stolen"))}, "w").write("x")\n    return [0, 1][n] if n < 2 else 55\n\`\`\``;
    const { fields } = await general.measure(contextOf([thief, ...able.slice(1)]));
    expect(fields.general).toMatchObject({ coding_correct: false });
  },
);

test("where no sandbox opens, nobody says that the program was wrong", async () => {
  const { fields, missing } = await general.measure(
    metricContext({ generate: answersOf(able) }, { scratchDirectory }),
  );
  expect(fields.general).toEqual({
    coding_correct: null,
    coding_has_docstring: true,
    ifeval_pass_rate: 1,
    general_score: null,
  });
  expect(missing).toEqual([{ on: "general, coding", why: "the program could not be judged: there is none" }]);
});

test.each<[body: string, status: number, budgets: number[], used: object]>([
  [
    "This model's maximum context length is 600 tokens.",
    400,
    [2048, 1024, 512],
    { max_tokens_used: 512, passed: true },
  ],
  ["This model's maximum context length is 600 tokens.", 500, [2048], { passed: null }],
  ["bad request", 400, [2048], { passed: null }],
])("a server that refuses with %j (%d) is asked with %j tokens", async (...[body, status, budgets, used]) => {
  const asked: (number | undefined)[] = [];
  const generate = async (prompt: string, { maxTokens = 0 }: GenerateOptions = {}) => {
    if (prompt.includes("numbered")) asked.push(maxTokens);
    if (maxTokens > 600) throw new TrainerError(`HTTP ${status}: ${body}`, { status, body });
    return answersOf(able)(prompt);
  };
  const { rollouts } = await general.measure(metricContext({ generate }, { scratchDirectory }));
  expect(asked).toEqual(budgets);
  expect(rollouts[2]?.metadata).toMatchObject(used);
});
