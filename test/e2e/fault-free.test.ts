import { cpSync, existsSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { zstdCompressSync, zstdDecompressSync } from "node:zlib";
import { afterAll, beforeAll, expect, test } from "vitest";
import { lastLine, sound, Workplace } from "./small-experiment.ts";
import { countTokens } from "./token-counts.ts";
import {
  cellSummaries,
  episodesOf,
  expectExit,
  processesOf,
  readRecords,
  TemporaryFolder,
  tollgate,
  type Finished,
} from "./tollgate-process.ts";

/** One fault-free sweep, straight and through the gateway; every test reads what it left. */
const place = new Workplace();
let sweep: Finished;
let run: string;
const cells = ["c2-r0-raw", "c2-r0-gateway"];

beforeAll(async () => {
  sweep = await place.sweep("--verbose");
  run = lastLine(sweep);
}, 240_000);
afterAll(() => place[Symbol.dispose]());

test("exit code 0, the run directory is the last line, nothing is left running", () => {
  expectExit(sweep, 0);
  expect(sweep.stderr).toContain(`run directory: ${run}`);
  expect(existsSync(join(run, "run.json"))).toBe(true);
  expect(readdirSync(place.runs)).toEqual([run.slice(place.runs.length + 1)]);
  expect(processesOf(run.slice(place.runs.length + 1))).toEqual([]);
  expect(place.scratch()).toEqual([]);
  expect(existsSync(join(run, "driver.pid"))).toBe(false);
});

test("the outer tap, the inner tap and the engine count the same tokens in every cell", () => {
  for (const cell of cells) {
    const { outer, inner, engine } = countTokens(join(run, "evidence", cell, "s0"));
    expect([inner, engine]).toEqual([outer, outer]);
    expect(Math.min(...outer)).toBeGreaterThan(0);
    const recorded = episodesOf(run).filter(({ cellId }) => cellId === cell);
    const sum = (key: "promptTokens" | "completionTokens") =>
      recorded.reduce((total, episode) => total + (episode[key] ?? Number.NaN), 0);
    expect([sum("promptTokens"), sum("completionTokens")]).toEqual(outer);
    expect(cellSummaries(run)[cell]).toMatchObject({ verdict: sound, tokenCheck: { status: "exact" } });
  }
});

test("the engines were read while each cell ran, and the page draws how full it was", () => {
  const page = readFileSync(join(run, "report", "report.html"), "utf8");
  for (const cell of cells) {
    const facts: unknown = JSON.parse(
      readFileSync(join(run, "evidence", cell, "s0", "segment.json"), "utf8"),
    );
    expect(facts).toMatchObject({ engineSamples: { intervalSeconds: 2, failed: 0 } });
    expect(page).toContain(`<figcaption>${cell}: in flight up to `);
  }
});

test("the records tell the whole run, in order, with every planned episode once", () => {
  const records = readRecords(run);
  const types = records.map(({ type }) => type);
  const cellTypes = ["segment-started", "episode", "episode", "segment-ended", "cell"];
  expect(types).toEqual(["run-started", ...cellTypes, ...cellTypes, "run-ended"]);
  const planned = JSON.parse(readFileSync(join(run, "run.json"), "utf8")) as {
    cells: { episodeIds: string[] }[];
  };
  const ids = episodesOf(run).map(({ episodeId }) => episodeId);
  expect(ids.toSorted()).toEqual(planned.cells.flatMap(({ episodeIds }) => episodeIds).toSorted());
  expect(episodesOf(run).map(({ status, reward, failure }) => [status, reward, failure])).toEqual(
    ids.map(() => ["completed", 1, null]),
  );
  const stored = readFileSync(join(run, "trajectories.jsonl"), "utf8").trimEnd().split("\n");
  expect(stored.map((line) => (JSON.parse(line) as { episodeId: string }).episodeId)).toEqual(ids);
  expect(records.at(-1)).toMatchObject({ reason: "complete", exitCode: 0, error: null });
});

test("report, status, runs, inspect and export read the run in every form", async () => {
  const report = async (format: string) => (await tollgate(["report", run, "--format", format])).stdout;
  const [table, markdown, csv, json, html] = await Promise.all(
    ["table", "md", "csv", "json", "html"].map(report),
  );
  // The reports themselves take room on the disk, which the others see.
  const rows = (text: string) =>
    text
      .trimEnd()
      .split("\n")
      .filter((line) => !line.includes("on disk:"));
  const summary = (await tollgate(["report", run, "--summary"])).stdout;
  expect(rows(`${table!.trimEnd()}\n\n${summary}${run}\n`)).toEqual(rows(sweep.stdout));
  // In a pipe as on a terminal of 80 columns; paths are never broken.
  const screen = summary.trimEnd().split("\n");
  expect(screen.length).toBeLessThanOrEqual(24);
  expect(screen.filter((line) => line.length > 80 && !line.includes(run))).toEqual([]);
  expect(screen[0]).toMatch(/^small complete, 4\/4 episodes, 0 failed, \d+ s/);
  const verdicts = (JSON.parse(json!) as { cells: { cellId: string; verdict: string }[] }).cells;
  expect(verdicts.map(({ cellId, verdict }) => [cellId, verdict])).toEqual(cells.map((id) => [id, sound]));
  expect(rows(readFileSync(join(run, "report", "report.md"), "utf8"))).toEqual(rows(markdown!));
  expect(csv!.trimEnd().split("\n")).toHaveLength(3);
  for (const text of [table, markdown, html]) expect(text).toMatch(/simulated/i);
  const status = await tollgate(["status", run, "--json"]);
  expect(JSON.parse(status.stdout)).toMatchObject({ state: "complete", finishedEpisodes: 4 });
  const listed = await tollgate(["runs", "--out", place.runs, "--json"]);
  expect(JSON.parse(listed.stdout)).toMatchObject([{ directory: run }]);
  const episode = episodesOf(run)[0]!;
  const shown = await tollgate(["inspect", run, episode.episodeId]);
  expectExit(shown, 0);
  expect(shown.stdout).toContain("get_account");
  const out = join(place.path, "export");
  const exported = await tollgate(["export", run, "--format", "jsonl", "-o", out]);
  expectExit(exported, 0);
  const lines = readFileSync(join(out, "trajectories.jsonl"), "utf8").trimEnd().split("\n");
  expect(lines).toHaveLength(4);
}, 240_000);

test("every request equals the transcript byte for byte", async () => {
  const check = await tollgate(["inspect", run, "--bytes"]);
  expectExit(check, 0);
  expect(check.stdout.split("\n")[0]).toBe(
    "18 of 18 requests at the inner tap equal the transcript byte for byte",
  );
});

test("one letter changed in a transcript, or in a request body, is found and named", async () => {
  using copies = new TemporaryFolder();
  const copy = (name: string) => {
    cpSync(run, join(copies.path, name), { recursive: true });
    return join(copies.path, name);
  };
  const said = copy("said");
  const path = join(said, "trajectories.jsonl");
  const changed = readFileSync(path, "utf8").replace(/("role":"user","content":")./, "$1#");
  writeFileSync(path, changed);
  const transcript = await tollgate(["inspect", said, "--bytes"]);
  expect(transcript.code).toBe(1);
  expect(transcript.stdout).toMatch(/c2-r0-raw request \S+-a1 messages\[\d\]/);

  const sent = copy("sent");
  const bodies = join(sent, "evidence", "c2-r0-gateway", "s0", "bodies.ndjson.zst");
  const text = zstdDecompressSync(readFileSync(bodies)).toString("utf8");
  writeFileSync(bodies, zstdCompressSync(Buffer.from(text.replaceAll("renew_loan", "renew_loam"))));
  const request = await tollgate(["inspect", sent, "--bytes"]);
  expect(request.code).toBe(1);
  expect(request.stdout).toMatch(/c2-r0-gateway request \S+ tools/);
});
