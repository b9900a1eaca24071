import { spawnSync } from "node:child_process";
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import Ajv2020 from "ajv/dist/2020.js";
import addFormats from "ajv-formats";
import { asyncBufferFromFile, parquetReadObjects } from "hyparquet";
import { afterAll, beforeAll, expect, test } from "vitest";
import { exportRows } from "../../../bench/export/rows/export-rows.ts";
import { allRows } from "../../../bench/export/rows/row-selection.ts";
import { requestColumns } from "../../../bench/export/rows/request-columns.ts";
import { buildLedger } from "../../../bench/analysis/ledger/episode-ledger.ts";
import { episodeColumns, type EpisodeTableRow } from "../../../bench/export/rows/episode-columns.ts";
import type { RowsManifest } from "../../../bench/export/rows/rows-manifest.ts";
import { TemporaryFolder } from "../../e2e/tollgate-process.ts";
import { buildEpisode, buildIdentity, segmentStarted } from "../../store/run-builder.ts";
import { buildTiming } from "../../evidence/tap-builder.ts";
import { buildRowsRun, cell, timings } from "./rows-run.ts";

const folder = new TemporaryFolder();
afterAll(() => folder[Symbol.dispose]());
const out = join(folder.path, "out");
let run = "";
let manifest: RowsManifest;
beforeAll(async () => {
  run = await buildRowsRun(folder.path);
  manifest = await exportRows(run, { out });
});

type Row = Readonly<Record<string, unknown>>;

/** Rows as JSON has them: big integers as numbers, times as texts. */
async function parquetRows(name: string): Promise<readonly Row[]> {
  const file = await asyncBufferFromFile(join(out, name));
  const rows = (await parquetReadObjects({ file })) as Row[];
  const plain = (value: unknown) =>
    typeof value === "bigint" ? Number(value) : value instanceof Date ? value.toISOString() : value;
  return rows.map((row) =>
    Object.fromEntries(Object.entries(row).map(([key, value]) => [key, plain(value)])),
  );
}

/** A reader of RFC 4180 that keeps what is absent from what is empty. */
function csvRows(name: string): readonly Readonly<Record<string, string | null>>[] {
  const text = readFileSync(join(out, name), "utf8");
  const lines: (string | null)[][] = [[]];
  for (const [, quoted, bare, end] of text.matchAll(/(?:"((?:[^"]|"")*)"|([^",\n]*))(,|\n)/g)) {
    lines
      .at(-1)
      ?.push(quoted === undefined ? (bare === "" ? null : (bare ?? null)) : quoted.replaceAll('""', '"'));
    if (end === "\n") lines.push([]);
  }
  const [head = [], ...rows] = lines.filter((line) => line.length > 0);
  return rows.map((row) => Object.fromEntries(head.map((key, at) => [key ?? "", row[at] ?? null])));
}

test("a row per model call with its stamps, the engine's part beside it, and what is not known null", async () => {
  const rows = await parquetRows("requests.parquet");
  expect(
    rows.map(({ hop, request_id, request_index, counts, answered }) => [
      hop,
      request_id,
      request_index,
      counts,
      answered,
    ]),
  ).toEqual([
    ["user", "u1", 0, true, true],
    ["outer", "r1", 0, true, true],
    ["outer", "r2", 1, true, false],
    ["outer", "r3", 0, false, true],
  ]);
  expect(rows[1]).toMatchObject({
    run_id: "laptop-20261121T120000Z-0a1b2c",
    simulated: true,
    cell_id: cell.cellId,
    arm: "gateway",
    arm_kind: "gateway",
    load: "closed:1",
    domain: "library",
    task_id: "0",
    measured: null,
    status: 200,
    prompt_tokens: 100,
    cached_tokens: 0,
    ttft_ms: 50,
    e2e_ms: 130,
    itl_ms: 10,
    started_ns: 100e6,
    started_at: "2026-11-21T12:00:01.100Z",
    inner_join: "request-id",
    inner_ttft_ms: 45,
    inner_cached_tokens: null,
    added_ttft_ms: 5,
    added_e2e_ms: 7,
  });
  expect(rows[2]).toMatchObject({
    status: 503,
    error: 'busy, "later"\nor never',
    prompt_tokens: null,
    ttft_ms: null,
    inner_join: null,
    inner_e2e_ms: null,
    added_e2e_ms: null,
  });
});

test("a row per episode: parts of its time add up to its length; an episode of which nothing was seen has none", async () => {
  const rows = await parquetRows("episodes.parquet");
  expect(
    rows.map(({ task_id, status, reward, passed, failure_class }) => [
      task_id,
      status,
      reward,
      passed,
      failure_class,
    ]),
  ).toEqual([
    ["0", "completed", 1, true, null],
    ["1", "completed", 1, null, null],
    ["2", "failed", null, null, "engine"],
  ]);
  const [seen, unseen] = rows;
  const parts = episodeColumns
    .map(({ name }) => name)
    .slice(episodeColumns.findIndex(({ name }) => name === "agent_ms"));
  expect(parts.length).toBeGreaterThan(9);
  const sum = parts.reduce((total, name) => total + Number(seen?.[name]), 0);
  expect(sum).toBeCloseTo(500, 9);
  expect(seen).toMatchObject({
    seconds: 0.5,
    turns: 1,
    tool_ms: 11,
    decode_ms: 78,
    path_ms: 7,
    call_unsplit_ms: 6,
    labels: '["model-retried"]',
  });
  for (const name of parts) expect(unseen?.[name]).toBeNull();
  expect(unseen).toMatchObject({ cached_tokens: null, turns: null, prompt_tokens: 300 });
});

test("what no inner tap saw is absent and not zero, and so is what no session had", () => {
  const value = (name: string, row: EpisodeTableRow) =>
    episodeColumns.find((column) => column.name === name)?.of(row);
  const stamps = { startedNs: 0, endedNs: 100e6, sessionNs: 0, userCalls: [], tools: [] };
  const rowWith = (
    inner: readonly { startedNs: number; endedNs: number; firstTokenNs: number | null }[],
  ) => ({
    in: { run: buildIdentity(), segment, cell: null, used: null, verdict: null },
    episode: buildEpisode(cell, 0),
    ledger: buildLedger({ ...stamps, agentCalls: [{ startedNs: 10e6, endedNs: 90e6, inner }] }),
  });
  const segment = { ...segmentStarted("c"), ended: null, resumed: false };
  const names = [
    "path_ms",
    "first_token_ms",
    "decode_ms",
    "engine_unsplit_ms",
    "call_unsplit_ms",
    "session_ms",
  ];
  const values = (row: EpisodeTableRow) => names.map((name) => value(name, row));
  expect(values(rowWith([]))).toEqual([null, null, null, null, 80, null]);
  expect(values(rowWith([{ startedNs: 20e6, endedNs: 80e6, firstTokenNs: null }]))).toEqual([
    20,
    null,
    null,
    60,
    0,
    null,
  ]);
  expect(values(rowWith([{ startedNs: 20e6, endedNs: 80e6, firstTokenNs: 50e6 }]))).toEqual([
    20,
    30,
    30,
    0,
    0,
    null,
  ]);
});

test("an arm that asks the engine for another form of answer has no difference to the first token", () => {
  const [at, inner] = [buildTiming(), buildTiming({ hop: "inner", firstTokenNs: 1.5e6, endedNs: 9e6 })];
  const value = (name: string, path: string) =>
    requestColumns
      .find((column) => column.name === name)
      ?.of({
        in: {
          run: buildIdentity(),
          segment: { ...segmentStarted("c"), ended: null, resumed: false },
          cell: null,
          used: null,
        },
        seen: { at, inner: { ...inner, path }, join: "request-id" },
        episode: null,
        index: 0,
      });
  expect(value("added_ttft_ms", "/v1/chat/completions?x=1")).toBe(0.5);
  expect(value("added_ttft_ms", "/generate")).toBeNull();
  expect([value("inner_ttft_ms", "/generate"), value("added_e2e_ms", "/generate")]).toEqual([1.5, 1]);
});

const arrow = process.env["TOLLGATE_ARROW_PYTHON"];
const query = `
import duckdb, json, sys
of = lambda source: duckdb.sql(f"SELECT count(*), sum(e2e_ms), count(ttft_ms), count(inner_e2e_ms), count(error), epoch_us(max(started_at)) FROM {source}").fetchall()
folder = sys.argv[1]
types = duckdb.sql(f"SELECT typeof(started_at), typeof(started_ns), typeof(ttft_ms), typeof(answered) FROM '{folder}/requests.parquet' LIMIT 1").fetchall()
print(json.dumps([of(f"'{folder}/requests.parquet'"), of(f"read_csv('{folder}/requests.csv')"), types]))
`;

test.skipIf(arrow === undefined)("DuckDB reads the same rows from the Parquet and the CSV file", () => {
  const { stdout, stderr } = spawnSync(arrow ?? "", ["-c", query, out], {
    encoding: "utf8",
    env: { ...process.env, TZ: "UTC" },
  });
  expect(stderr).toBe("");
  const [parquet, csv, types] = JSON.parse(stdout) as unknown[][][];
  expect(csv).toEqual(parquet);
  expect(parquet?.[0]?.slice(0, 5)).toEqual([4, 10 + 130 + 6 + 10, 2, 1, 1]);
  expect(types).toEqual([["TIMESTAMP", "BIGINT", "DOUBLE", "BOOLEAN"]]);
});

test("CSV and Parquet hold the same, and their schemas describe both", async () => {
  const ajv = addFormats.default(new Ajv2020.default({ strict: true, allErrors: true }));
  for (const [name, columns] of [
    ["requests", requestColumns],
    ["episodes", episodeColumns],
  ] as const) {
    const [csv, parquet] = [csvRows(`${name}.csv`), await parquetRows(`${name}.parquet`)];
    expect(Object.keys(parquet[0] ?? {})).toEqual(columns.map((column) => column.name));
    expect(csv).toHaveLength(parquet.length);
    for (const [at, row] of parquet.entries())
      for (const [key, value] of Object.entries(row)) {
        const text = csv[at]?.[key] ?? null;
        const same = key === "started_at" && text !== null ? new Date(text).toISOString() : text;
        expect([key, same]).toEqual([
          key,
          value === null ? null : String(value as string | number | boolean),
        ]);
      }
    const schema = JSON.parse(readFileSync(join(out, `${name}.schema.json`), "utf8")) as object;
    const valid = ajv.compile(schema);
    for (const row of parquet) expect([valid(row), valid.errors]).toEqual([true, null]);
    expect(valid({ ...parquet[0], more: 1 })).toBe(false);
  }
});

test("the manifest counts what is in, what is not, and why", () => {
  expect(manifest.counts).toEqual({
    requests: 4,
    episodes: 3,
    requestsByHop: { user: 1, outer: 3 },
    requestsByArm: { gateway: 4 },
    episodesByStatus: { completed: 2, failed: 1 },
  });
  expect(manifest.exclusions).toEqual([{ reason: "request that generates nothing", count: 1 }]);
  expect(timings).toHaveLength(4 + 1 + 1);
  expect(readdirSync(out).sort()).toEqual(
    ["README.md", "manifest.json", ...manifest.files.map(({ name }) => name)].sort(),
  );
});

test("selections leave out with a reason", async () => {
  const selected = await exportRows(run, {
    out: join(folder.path, "selected"),
    selection: { ...allRows, statuses: ["failed"] },
  });
  expect(selected.counts).toMatchObject({ requests: 0, episodes: 1 });
  expect(selected.exclusions).toContainEqual({ reason: "episode not selected: status", count: 2 });
});

test("every column says what it is, once, and its unit where it has one", () => {
  for (const columns of [requestColumns, episodeColumns]) {
    expect(new Set(columns.map(({ name }) => name)).size).toBe(columns.length);
    expect(columns.filter(({ meaning }) => meaning === "")).toEqual([]);
    const bare = columns.filter(({ name, unit }) => /_(ms|ns|bytes|tokens)$/.test(name) && unit === null);
    expect(bare.map(({ name }) => name)).toEqual([]);
  }
});
