import { afterAll, expect, test } from "vitest";
import { codeSection, type CodeExperiment } from "../../../suites/code/contract/section.ts";
import { planOf } from "../../../suites/code/plan.ts";
import { TemporaryFolder } from "../../e2e/tollgate-process.ts";
import { fileWith, humanevalRow, jsonLines, mbppRow } from "./formats/data-files.ts";

const folder = new TemporaryFolder();
afterAll(() => folder[Symbol.dispose]());

async function planned(workload: Readonly<Record<string, unknown>>, temperature = 0.2) {
  const section = codeSection.schema.parse({ kind: "code", ...workload });
  return await planOf({ workload: section, sampling: { temperature } } as unknown as CodeExperiment);
}

test("a sample is an episode with a seed of its own; our own problems are the default", async () => {
  const { episodes, coverage, passAtK, taskData, warnings } = await planned({ trials: 3, seed: 7 });
  expect(episodes).toHaveLength(60);
  expect(new Set(episodes.map(({ seed, trial }) => seed - trial))).toEqual(new Set([7]));
  expect(coverage).toEqual({ of: "problems", selected: 20, total: 20, excluded: [] });
  expect([passAtK, warnings]).toEqual([[1], []]);
  expect(taskData.knowledge?.split("\n")).toHaveLength(21);
});

test("a limit takes the first of the file and says what it left out; more than there is leaves nothing out", async () => {
  const part = await planned({ limit: 5 });
  expect(part.episodes.map(({ taskId }) => taskId)).toEqual([0, 1, 2, 3, 4].map((id) => `own/${id}`));
  expect(part.coverage).toEqual({
    of: "problems",
    selected: 5,
    total: 20,
    excluded: [{ reason: expect.stringContaining("limit"), count: 15 }],
  });
  expect((await planned({ limit: 21 })).coverage?.excluded).toEqual([]);
  // The data are the same: what differs is what is run of them.
  expect(part.hashes).toEqual((await planned({})).hashes);
});

test("k is at most the number of samples, by default the usual ones that are", async () => {
  expect((await planned({ trials: 10 })).passAtK).toEqual([1, 10]);
  expect((await planned({ trials: 100 })).passAtK).toEqual([1, 10, 100]);
  expect((await planned({ trials: 5, passAtK: [5, 1, 5] })).passAtK).toEqual([1, 5]);
  await expect(planned({ trials: 9, passAtK: [1, 10] })).rejects.toThrow(
    /pass@10 needs at least 10 samples.*trials is 9\. Write trials: 10/,
  );
});

test("of MBPP the test split can be chosen, and what is not in it is told apart from what a limit left out", async () => {
  const file = fileWith(
    folder.path,
    jsonLines([10, 11, 300, 510, 511].map((id) => mbppRow(id))),
    "split.jsonl",
  );
  const { episodes, coverage } = await planned({ dataset: "mbpp", file, split: "test", limit: 2 });
  expect(episodes.map(({ taskId }) => taskId)).toEqual(["11", "300"]);
  expect(coverage).toMatchObject({ selected: 2, total: 5 });
  expect(coverage?.excluded.map(({ count }) => count)).toEqual([2, 1]);
  await expect(planned({ split: "test" })).rejects.toThrow(/split test is for mbpp/);
});

test("a file with another number of problems than is published is told of: it may be a part of it", async () => {
  const size = async (count: number) => {
    const rows = Array.from({ length: count }, (_, id) => humanevalRow(id));
    const file = fileWith(folder.path, jsonLines(rows), `${count}.jsonl`);
    return (await planned({ dataset: "humaneval", file })).warnings;
  };
  expect(await size(163)).toEqual([
    expect.stringMatching(/163 problems, and humaneval as it is published has 164/),
  ]);
  expect(await size(164)).toEqual([]);
});

test("samples that would all be alike are warned of", async () => {
  expect((await planned({ trials: 2 }, 0)).warnings?.join()).toMatch(/temperature is 0, so the 2 samples/);
  expect((await planned({ trials: 1 }, 0)).warnings).toEqual([]);
});

test("scores are those of the form: asserts are counted one by one", async () => {
  const file = fileWith(folder.path, jsonLines([mbppRow(1), mbppRow(2)]), "mbpp.jsonl");
  const { scores, episodes } = await planned({ dataset: "mbpp", file });
  expect(scores?.names.map(({ name }) => name)).toEqual(["passed", "executed", "asserts"]);
  expect(episodes.map(({ taskId, facts }) => [facts.domain, taskId])).toEqual([
    ["mbpp", "1"],
    ["mbpp", "2"],
  ]);
});

test.each<readonly [what: string, workload: Readonly<Record<string, unknown>>, says: RegExp]>([
  ["no file", { dataset: "humaneval" }, /needs workload\.file.*downloads no data set/],
  ["a file beside our own problems", { file: "x.jsonl" }, /for another data set than `own`/],
  [
    "a file that is not there",
    { dataset: "mbpp", file: "/nowhere/mbpp.jsonl" },
    /\/nowhere\/mbpp\.jsonl cannot be read/,
  ],
])("%s is refused before anything starts", async (_, workload, says) => {
  await expect(planned(workload)).rejects.toThrow(says);
});

test("a file with a flaw is refused although the flaw is behind the limit", async () => {
  const rows = [humanevalRow(0), humanevalRow(1), humanevalRow(0)];
  const file = fileWith(folder.path, jsonLines(rows), "flawed.jsonl");
  await expect(planned({ dataset: "humaneval", file, limit: 1 })).rejects.toThrow(/line 3: problem Test\/0/);
});
