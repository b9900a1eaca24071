import { afterAll, describe, expect, test } from "vitest";
import { humaneval } from "../../../../suites/code/formats/humaneval.ts";
import { mbpp } from "../../../../suites/code/formats/mbpp.ts";
import { readProblems } from "../../../../suites/code/formats/problem-file.ts";
import { TemporaryFolder } from "../../../e2e/tollgate-process.ts";
import { fileWith, humanevalRow, jsonLines, mbppRow } from "./data-files.ts";

const folder = new TemporaryFolder();
afterAll(() => folder[Symbol.dispose]());
const ofHumaneval = (rows: readonly unknown[]) =>
  readProblems(fileWith(folder.path, jsonLines(rows)), humaneval);
const ofMbpp = (rows: readonly unknown[]) => readProblems(fileWith(folder.path, jsonLines(rows)), mbpp);

describe("HumanEval", () => {
  test("a problem is asked with its prompt, and nothing of its tests or its solution is in the question", async () => {
    const [first] = await ofHumaneval([humanevalRow(3, { unknown_field: 1 })]);
    expect(first?.problem).toMatchObject({ kind: "program", id: "Test/3", entryPoint: "add_3" });
    expect(first?.ask).toContain("Add 3 to x.");
    expect(first?.ask).not.toContain("return x + 3");
    expect(first?.ask).not.toContain("assert");
    expect(first?.canonical).toBe(`${humanevalRow(3).prompt}    return x + 3\n`);
  });

  test.each<readonly [what: string, changes: Readonly<Record<string, unknown>>, says: RegExp]>([
    ["no test", { test: undefined }, /line 2, is no problem of HumanEval: test: .*fields task_id, prompt/],
    ["an empty prompt", { prompt: " \n" }, /prompt: is empty/],
    ["no id", { task_id: undefined }, /task_id: /],
    ["a test that defines no check", { test: "assert True\n" }, /test: defines no check/],
    [
      "an entry point that the prompt does not define",
      { entry_point: "other" },
      /entry_point: is not defined/,
    ],
    ["an entry point that is no name", { entry_point: "a; import os" }, /entry_point: is no name/],
    ["a number for a text", { canonical_solution: 7 }, /canonical_solution: /],
    ["the id of another", { task_id: "Test/0" }, /line 2: problem Test\/0 is there already, in line 1/],
  ])("a file in which a problem has %s is refused whole", async (_, changes, says) => {
    await expect(ofHumaneval([humanevalRow(0), humanevalRow(1, changes)])).rejects.toThrow(says);
  });

  test("a file of another data set is refused with the fields that it has", async () => {
    await expect(ofHumaneval([mbppRow(1)])).rejects.toThrow(
      /is no problem of HumanEval.*fields task_id, text, code/,
    );
    await expect(ofHumaneval([])).rejects.toThrow(/is empty/);
    await expect(readProblems(fileWith(folder.path, "\n\n"), humaneval)).rejects.toThrow(/holds no problem/);
  });
});

describe("MBPP", () => {
  test("a problem is asked with its words and its asserts, and not with its solution", async () => {
    const [first] = await ofMbpp([mbppRow(5, { test_setup_code: "import math" })]);
    expect(first?.problem).toEqual({
      kind: "program",
      id: "5",
      prompt: "",
      entryPoint: "plus",
      tests: { form: "asserts", setup: "import math", asserts: mbppRow(5).test_list },
    });
    expect(first?.ask).toContain("Write a function to add 5.");
    expect(first?.ask).toContain("assert plus(1) == 6");
    expect(first?.ask).not.toContain("return x");
  });

  test("the sanitized form has other names for two fields", async () => {
    const { text, test_setup_code: _, ...rest } = mbppRow(7);
    const [first] = await ofMbpp([{ ...rest, prompt: text, test_imports: ["import math", "import re"] }]);
    expect(first?.ask).toContain("add 7");
    expect(first?.problem).toMatchObject({ tests: { setup: "import math\nimport re" } });
  });

  test.each<readonly [what: string, changes: Readonly<Record<string, unknown>>, says: RegExp]>([
    ["no words", { text: undefined }, /text: is missing, and so is prompt/],
    ["no asserts", { test_list: [] }, /test_list: /],
    ["an empty assert", { test_list: [" "] }, /test_list\.0: is empty/],
    ["the id of another as a text", { task_id: "1" }, /problem 1 is there already, in line 1/],
  ])("a file in which a problem has %s is refused whole", async (_, changes, says) => {
    await expect(ofMbpp([mbppRow(1), mbppRow(2, changes)])).rejects.toThrow(says);
  });

  test.each<readonly [what: string, changes: Readonly<Record<string, unknown>>, name: string | null]>([
    [
      "the function that every assert calls",
      { code: "def help(x):\n  return x\ndef plus(x):\n  return help(x)" },
      "plus",
    ],
    ["a class", { code: "class Plus:\n  pass", test_list: ["assert Plus() != 1"] }, "Plus"],
    ["nothing where none is called by name", { code: "def other(x):\n  return x" }, null],
  ])("the entry point is %s", async (_, changes, name) => {
    const [first] = await ofMbpp([mbppRow(1, changes)]);
    expect(first?.problem).toMatchObject({ entryPoint: name });
  });
});
