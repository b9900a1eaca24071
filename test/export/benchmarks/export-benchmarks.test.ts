import { appendFileSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { exportBenchmarks } from "../../../bench/export/benchmarks/export-benchmarks.ts";
import { readRun } from "../../../bench/store/read-run.ts";
import { segmentPath } from "../../../bench/store/run-directory.ts";
import { finishedEpisodes, segmentsOf } from "../../../bench/store/progress.ts";
import type { SampleLine } from "../../../bench/workload/sample-line.ts";
import { unpack } from "../../pack/unpacked.ts";
import { Folder } from "../../suites/tasks/temporary-folder.ts";

const archive = join(import.meta.dirname, "../../fixtures/stored-runs/sweep.tar.zst");
const folder = new Folder();
const run = join(folder.path, "stored-sweep-20261128T132443Z-e4f64c");
const hostile = 'I give up.\n```\n# Not a heading\n</script><img src=x onerror=alert(1)>\n\u202E"""';

/** A stored run, as if its workload had kept samples and had had five problems of 164. */
beforeAll(async () => {
  await unpack(archive, folder.path);
  const identity = JSON.parse(readFileSync(join(run, "run.json"), "utf8")) as Record<string, unknown>;
  const coverage = {
    of: "problems",
    selected: 5,
    total: 164,
    excluded: [{ reason: "after the first 5", count: 159 }],
  };
  writeFileSync(join(run, "run.json"), JSON.stringify({ ...identity, coverage }));
  const { records } = await readRun(run);
  for (const segment of segmentsOf(records)) {
    const own = [...finishedEpisodes(records).values()].filter(
      ({ segmentId, cellId }) => segmentId === segment.segmentId && cellId === segment.cellId,
    );
    for (const { attemptKey = "", episodeId, taskId, trial } of own) {
      const line: SampleLine = {
        attemptKey,
        episodeId,
        taskId,
        trial,
        finishReason: "length",
        text: hostile,
        answer: null,
        answerRule: null,
        verdict: "no-answer",
        passed: false,
        scores: [{ name: "passed", value: 0, passed: false }],
        details: {},
      };
      appendFileSync(join(segmentPath(run, segment), "samples.ndjson"), `${JSON.stringify(line)}\n`);
    }
  }
});
afterAll(() => folder[Symbol.dispose]());

async function exported(name: string, quoted: string | null = null) {
  const out = join(folder.path, name);
  const manifest = await exportBenchmarks(run, { out, quoted, arms: [] });
  const read = (file: string) => readFileSync(join(out, file), "utf8");
  return { manifest, read };
}

test("pages, CSV and JSON say that the scores are of a part, and that the engine was simulated", async () => {
  const { manifest, read } = await exported("plain");
  expect(manifest.files.map(({ name }) => name)).toEqual([
    "BENCHMARKS.md",
    "BENCHMARKS_DETAILED.md",
    "benchmarks.csv",
    "benchmarks.json",
  ]);
  for (const page of ["BENCHMARKS.md", "BENCHMARKS_DETAILED.md"]) {
    expect(read(page)).toContain("coverage: 5 of 164 problems, partial (left out: 159: after the first 5)");
    expect(read(page)).toMatch(/\| \d+\/164, partial \|/);
    expect(read(page)).toContain("SIMULATED ENGINES");
    expect(read(page)).not.toContain("Quoted, not measured here");
  }
  expect(read("benchmarks.csv")).toMatch(/pass rate,share,.*"\d+\/164, partial"/);
  const json = JSON.parse(read("benchmarks.json")) as {
    figures: { metric: string; coverage: string | null; simulated: boolean }[];
  };
  const rates = json.figures.filter(({ metric }) => metric === "pass rate");
  expect(rates.length).toBeGreaterThan(0);
  expect(rates.every(({ coverage }) => coverage?.endsWith("/164, partial"))).toBe(true);
  expect(json.figures.every(({ simulated }) => simulated)).toBe(true);
});

test("the detailed page counts verdicts, and shows what the model wrote where it cannot act", async () => {
  const page = (await exported("errors")).read("BENCHMARKS_DETAILED.md");
  expect(page).toMatch(/\| no-answer \| \d+ \| 100 % \|/);
  expect(page).toMatch(/\d+ nothing found; \d+ answers were cut by the limit of tokens/);
  expect(page).toContain("````text\nI give up.");
  expect(page).not.toContain("\u202E");
  // Outside of fences no line is the model's.
  const outside = page.replaceAll(/^(`{3,})text\n[\s\S]*?\n\1$/gm, "");
  expect(outside).not.toContain("Not a heading");
  expect(outside).not.toContain("onerror");
});

test("figures of others are quoted with their source, apart from what was measured", async () => {
  const file = join(folder.path, "quoted.json");
  const figure = {
    benchmark: "HumanEval",
    model: "Some-7B",
    metric: "pass@1",
    value: "61.6 %",
    source: "its model card | table 2",
  };
  writeFileSync(file, JSON.stringify([figure]));
  const { read, manifest } = await exported("quoted", file);
  const [measured = "", quoted = ""] = read("BENCHMARKS.md").split("## Quoted, not measured here");
  expect(measured).not.toContain("Some-7B");
  expect(quoted).toContain("| HumanEval | Some-7B | pass@1 | 61.6 % | its model card \\| table 2 |");
  expect(manifest.quoted).toBe(1);
  const lines = read("benchmarks.csv").trim().split("\n");
  const heads = lines[0]?.split(",") ?? [];
  expect(lines.at(-1)?.split(",")[heads.indexOf("measured")]).toBe("false");
  expect(lines[1]?.split(",")[heads.indexOf("measured")]).toBe("true");
});

test.each([
  ["no JSON", "{", "is no JSON"],
  ["no list", "{}", "expected array"],
  ["no source", '[{"benchmark":"b","model":"m","metric":"x","value":1}]', "0.source"],
  ["an unknown key", '[{"benchmark":"b","model":"m","metric":"x","value":1,"source":"s","url":"u"}]', "url"],
])("a file of quoted figures with %s is refused, and nothing is written", async (_, text, said) => {
  const file = join(folder.path, "bad.json");
  writeFileSync(file, text);
  await expect(exported(`bad-${_.replaceAll(" ", "-")}`, file)).rejects.toThrow(said);
});
