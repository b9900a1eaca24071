import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, test } from "vitest";
import { judgeRule } from "../../../../suites/code/answers/judge-rule.ts";
import type { CodeProblem } from "../../../../suites/code/contract/problem.ts";
import { loadDataset } from "../../../../suites/code/formats/datasets.ts";

const folder = mkdtempSync(join(tmpdir(), "rule-datasets-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

let written = 0;
function fileOf(rows: readonly object[]): string {
  const file = join(folder, `${(written += 1)}.jsonl`);
  writeFileSync(file, rows.map((row) => `${JSON.stringify(row)}\n`).join(""));
  return file;
}

const passes = (problem: CodeProblem, said: string) =>
  problem.kind === "program" ? null : judgeRule(problem, said).passed;

describe("GSM8K", () => {
  test("a problem has the number behind the last ####, and its solution is right", async () => {
    const answer = "She sold 48/2 = <<48/2=24>>24 clips.\nIn all 48+24 = 72.\n#### 1,072";
    const file = fileOf([
      { question: "How many?", answer },
      { question: "And now?", answer: "#### -3" },
    ]);
    const { problems } = await loadDataset({ dataset: "gsm8k", file });
    expect(problems.map(({ problem }) => problem)).toEqual([
      { kind: "number", id: "gsm8k/1", expected: "1,072" },
      { kind: "number", id: "gsm8k/2", expected: "-3" },
    ]);
    const [{ problem, canonical, ask } = expect.fail("nothing was loaded")] = problems;
    expect(passes(problem, canonical ?? "")).toBe(true);
    expect(ask).not.toContain("072");
  });

  test.each([
    [{ question: "How many?", answer: "72" }, "answer: does not end with"],
    [{ question: "How many?", answer: "#### many" }, "answer: does not end with"],
    [{ question: "How many?" }, "answer: "],
    [{ question: " ", answer: "#### 3" }, "question: is empty"],
  ])("%j is refused", async (row, why) => {
    const file = fileOf([{ question: "How many?", answer: "#### 1" }, row]);
    await expect(loadDataset({ dataset: "gsm8k", file })).rejects.toThrow(
      `${file}, line 2, is no problem of GSM8K: ${why}`,
    );
  });
});

describe("MMLU", () => {
  const choices = ["0", "4", "2", "6"];

  test.each([1, "B", "b", "(B)", "1"])("answer %j is the second choice", async (answer) => {
    const file = fileOf([{ question: "2 + 2?", subject: "abstract_algebra", choices, answer }]);
    const { problems } = await loadDataset({ dataset: "mmlu", file });
    const [{ problem, group, canonical, ask } = expect.fail("nothing was loaded")] = problems;
    expect(problem).toEqual({ kind: "choice", id: "mmlu/1", choices, expected: 1 });
    expect([group, canonical]).toEqual(["abstract_algebra", "B"]);
    expect(ask).toContain("A. 0\nB. 4\nC. 2\nD. 6\n");
    expect([passes(problem, "Answer: B"), passes(problem, "Answer: A"), passes(problem, "It is 4.")]).toEqual(
      [true, false, true],
    );
  });

  test.each([
    [{ question: "2 + 2?", choices, answer: 4 }, "answer: names none of the choices"],
    [{ question: "2 + 2?", choices, answer: "E" }, "answer: names none of the choices"],
    [{ question: "2 + 2?", choices, answer: -1 }, "answer: names none of the choices"],
    [{ question: "2 + 2?", choices, answer: "" }, "answer: "],
    [{ question: "2 + 2?", choices: ["4"], answer: 0 }, "choices: "],
    [{ question: "2 + 2?", answer: 0 }, "choices: "],
  ])("%j is refused", async (row, why) => {
    const file = fileOf([row]);
    await expect(loadDataset({ dataset: "mmlu", file })).rejects.toThrow(
      `${file}, line 1, is no problem of MMLU: ${why}`,
    );
  });
});
