import { readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { rebuildReport } from "../../bench/report/rebuild.ts";
import { compareFigures } from "../../bench/verify/figures/compare.ts";
import type { JsonValue } from "../../bench/verify/evidence/json-value.ts";
import { episodeSchema } from "../../bench/store/record.ts";
import { recompute, verifyRun } from "../../bench/verify/verify-run.ts";
import { invoke } from "../commands/invoke.ts";
import { TemporaryFolder } from "../e2e/tollgate-process.ts";
import { unpack } from "../pack/unpacked.ts";
import { edited, edits, figuresIn, kindOf } from "./edited-figures.ts";

/** A stored run with the report that this version makes of it. */
async function storedRun(name: string, folder: TemporaryFolder): Promise<string> {
  await unpack(join(import.meta.dirname, `../fixtures/stored-runs/${name}.tar.zst`), folder.path);
  const directory = join(folder.path, readdirSync(folder.path)[0] ?? "");
  await rebuildReport(directory);
  return directory;
}

test.each(["sweep", "openclaw", "resumed", "dirty"])(
  "the report of the stored run %s is what its evidence gives",
  async (name) => {
    using folder = new TemporaryFolder();
    const { unequal, coverage } = await verifyRun(await storedRun(name, folder));
    expect(unequal).toEqual([]);
    expect(coverage.some(({ reason }) => reason === null)).toBe(true);
  },
);

/** Every figure, each of its first nine digits: a report in which one of them was edited is found out. */
test.each(["resumed", "openclaw"])(
  "one edited digit of any covered figure of the run %s is found",
  async (name) => {
    using folder = new TemporaryFolder();
    const directory = await storedRun(name, folder);
    const { expected } = await recompute(directory);
    const report = JSON.parse(readFileSync(join(directory, "report/report.json"), "utf8")) as JsonValue;
    const file = "report/report.json";
    const open = new Set(
      compareFigures(file, expected, report).coverage.flatMap(({ kind, reason }) =>
        reason === null ? [] : [kind],
      ),
    );
    // What is 0 but for the rounding of floats has no digits that say anything.
    const isNoise = (value: number | string) =>
      typeof value === "number" && value !== 0 && Math.abs(value) < 1e-11;
    const covered = figuresIn(report).filter((place) => !open.has(kindOf(place)) && !isNoise(place.value));
    expect(covered.length).toBeGreaterThan(250);
    const missed = covered.flatMap((place) =>
      edits(place.value).flatMap((value) => {
        const { unequal } = compareFigures(file, expected, edited(report, place, value));
        return unequal.length > 0
          ? []
          : [`${place.steps.join(".")}: ${String(place.value)} -> ${String(value)}`];
      }),
    );
    expect(missed).toEqual([]);
  },
);

/** What is not covered is a list that somebody wrote: a new figure of the report must not end there unseen. */
test("every figure of a report is covered, or named with a reason of its own", async () => {
  using folder = new TemporaryFolder();
  const { coverage } = await verifyRun(await storedRun("sweep", folder));
  expect(
    coverage.flatMap(({ kind, reason }) => (reason === "nothing here recomputes it" ? [kind] : [])),
  ).toEqual([]);
});

test("the command names the figure, the file and both values, and ends with exit code 1", async () => {
  using folder = new TemporaryFolder();
  const directory = await storedRun("resumed", folder);
  const { code, stdout } = await invoke(["verify", directory]);
  expect({ code, stdout }).toMatchObject({
    code: 0,
    stdout: expect.stringMatching(/figures recomputed from the evidence; each is what it gives/) as string,
  });
  const path = join(directory, "report/report.json");
  const before = readFileSync(path, "utf8");
  const said = /"episodesPerMinute": \{\s+"value": ([\d.]+)/.exec(before)?.[1] ?? "";
  const wrong = `9${said}`;
  writeFileSync(path, before.replace(said, wrong));
  const after = await invoke(["verify", directory]);
  expect(after.code).toBe(1);
  expect(after.stdout).toMatch(
    /^NOT EQUAL {2}report\/report\.json {2}cells\[.+\]\.rates\.episodesPerMinute\.value: it says /,
  );
  expect(after.stdout).toContain(`it says ${wrong.slice(0, 12)}`);
  expect(after.stdout).toContain(`the evidence gives ${said.slice(0, 12)}`);
  const { unequal } = JSON.parse((await invoke(["verify", directory, "--json"])).stdout) as {
    unequal: unknown[];
  };
  // cells.csv says what report.json said before.
  expect(unequal).toHaveLength(2);
});

/** The report is written anew from what was edited, so that only other evidence knows better. */
test.each([
  ["reward", /"reward":1,/, '"reward":0,'],
  ["promptTokens", /"promptTokens":(\d)/, '"promptTokens":9$1'],
  ["requests", /"requests":(\d)/, '"requests":3$1'],
  ["seed", /"seed":(\d)/, '"seed":7$1'],
])("%s edited in the records: the conversation or the taps know better", async (name, from, to) => {
  using folder = new TemporaryFolder();
  const directory = await storedRun("resumed", folder);
  const path = join(directory, "records.jsonl");
  const lines = readFileSync(path, "utf8").split("\n");
  const last = lines.findLastIndex((line) => line.includes('"type":"episode"') && from.test(line));
  writeFileSync(path, lines.with(last, (lines[last] ?? "").replace(from, to)).join("\n"));
  await rebuildReport(directory);
  const { unequal } = await verifyRun(directory);
  const found = unequal.map(({ file, figure }) => `${file} ${figure.replace(/^\[\w+\]\./, "")}`);
  expect(found).toContain(`records.jsonl ${name}`);
});

test("a score that was edited in the records is found by samples.ndjson", async () => {
  using folder = new TemporaryFolder();
  const directory = await storedRun("resumed", folder);
  const path = join(directory, "records.jsonl");
  const records = readFileSync(path, "utf8").split("\n");
  const at = records.findLastIndex((line) => line.includes('"status":"completed"'));
  const record = episodeSchema.parse(JSON.parse(records[at] ?? ""));
  const { cellId, segmentId, attemptKey, taskId, trial, reward } = record;
  const first = { name: "reward", value: reward, passed: reward === 1 };
  const write = (value: number) => {
    const scores = [first, { name: "parts", value, passed: false }];
    writeFileSync(path, records.with(at, JSON.stringify({ ...record, scores })).join("\n"));
    return { attemptKey, taskId, trial, scores };
  };
  const sample = write(0.25);
  const folderOf = join(directory, "evidence", cellId, segmentId);
  writeFileSync(join(folderOf, "samples.ndjson"), `${JSON.stringify(sample)}\n`);
  expect((await verifyRun(directory)).unequal).toEqual([]);
  write(0.26);
  expect((await verifyRun(directory)).unequal).toEqual([
    {
      file: "records.jsonl",
      figure: `[${record.episodeId}].scores[1].value`,
      said: "0.26",
      recomputed: "0.25",
    },
  ]);
});

test("a run without a report, and a replay, are refused with what to do", async () => {
  using folder = new TemporaryFolder();
  await unpack(join(import.meta.dirname, "../fixtures/stored-runs/replay.tar.zst"), folder.path);
  const { code, stderr } = await invoke(["verify", join(folder.path, readdirSync(folder.path)[0] ?? "")]);
  expect({ code, stderr }).toMatchObject({ code: 2, stderr: expect.stringMatching(/is a replay/) as string });
});
