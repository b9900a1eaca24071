import { execFile } from "node:child_process";
import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { afterAll, beforeAll, expect, test } from "vitest";
import { exportRun, type ExportOptions } from "../../bench/export/export-run.ts";
import type { SerializedTensor } from "../../bench/tokens/tensor-batch.ts";
import { compressLog } from "../../bench/store/compressed-log.ts";
import { RunDirectory } from "../../bench/store/run-directory.ts";
import { buildAttempt, buildEpisode, buildIdentity, plannedCell } from "../store/run-builder.ts";
import { broken, buildCall, buildRecorded, continued } from "./recorded-builder.ts";

/** Interpreters with the readers that our files are written for: pyarrow and duckdb; Harbor's package; the package atif. */
const arrow = process.env["TOLLGATE_ARROW_PYTHON"];
const harbor = process.env["TOLLGATE_HARBOR_PYTHON"];
const atif = process.env["TOLLGATE_ATIF_PYTHON"];
/** An interpreter with torch and what AReaL's serialization imports, and a checkout of AReaL. */
const areal = { python: process.env["AREAL_PYTHON"], checkout: process.env["AREAL_CHECKOUT"] };
const run = promisify(execFile);

let scratch: string;
let directory: string;
const cell = plannedCell("gateway", 5);

beforeAll(async () => {
  scratch = await mkdtemp(join(tmpdir(), "tollgate-tokens-"));
  const identity = buildIdentity({ cells: [cell] });
  await using stored = await RunDirectory.create(scratch, { identity, pid: process.pid });
  directory = stored.path;
  const textOnly = buildRecorded([buildCall({ promptTail: null, outputIds: null, outputLogprobs: null })], {
    level: "L0",
  });
  await stored.appendEpisode(buildEpisode(cell, 0), buildAttempt("a0", continued));
  await stored.appendEpisode(buildEpisode(cell, 1, { reward: 0 }), buildAttempt("a1", broken));
  await stored.appendEpisode(buildEpisode(cell, 2), buildAttempt("a2", textOnly));
  await stored.appendEpisode(buildEpisode(cell, 3), buildAttempt("a3"));
  await stored.appendEpisode(buildEpisode(cell, 4, { reward: null }), buildAttempt("a4", continued));
});
afterAll(() => rm(scratch, { recursive: true, force: true }));

let exports = 0;
async function exported(format: string, options: Partial<ExportOptions> = {}) {
  const out = join(scratch, `out-${(exports += 1)}`);
  const manifest = await exportRun(directory, { format, out, ...options });
  return { out, manifest };
}

function numbers({ data, dtype }: SerializedTensor): number[] {
  const bytes = Buffer.from(data, "base64");
  const { buffer, byteOffset, byteLength } = new Uint8Array(bytes);
  if (dtype === "torch.int64") return [...new BigInt64Array(buffer, byteOffset, byteLength / 8)].map(Number);
  if (dtype === "torch.int32") return [...new Int32Array(buffer, byteOffset, byteLength / 4)];
  if (dtype === "torch.float32") return [...new Float32Array(buffer, byteOffset, byteLength / 4)];
  return [...bytes];
}
const rows = (tensor: SerializedTensor | undefined) => {
  if (tensor === undefined) return undefined;
  const [count = 0, width = 1] = tensor.shape;
  const all = numbers(tensor);
  return Array.from({ length: count }, (_, row) => all.slice(row * width, (row + 1) * width));
};

test("areal: AReaL's tensors, inline; what has no ids or no reward is counted", async () => {
  const { out, manifest } = await exported("areal", { settings: { discount: 0.5 } });
  const file = JSON.parse(await readFile(join(out, "areal.json"), "utf8")) as {
    trajectories: { episode_id: string; traj: Readonly<Record<string, SerializedTensor>> }[];
  };
  expect(file.trajectories.map(({ episode_id }) => episode_id)).toEqual(cell.episodeIds.slice(0, 2));
  const [whole, twoRows] = file.trajectories.map(({ traj }) => traj);
  expect(Object.entries(whole ?? {}).map(([name, { dtype, shape }]) => [name, dtype, shape])).toEqual([
    ["input_ids", "torch.int64", [1, 9]],
    ["loss_mask", "torch.int64", [1, 9]],
    ["logprobs", "torch.float32", [1, 9]],
    ["versions", "torch.int64", [1, 9]],
    ["attention_mask", "torch.bool", [1, 9]],
    ["rewards", "torch.float32", [1]],
    ["original_rewards", "torch.float32", [1]],
    ["turn_ids", "torch.int32", [1, 9]],
  ]);
  expect(rows(whole?.["input_ids"])).toEqual([[1, 2, 3, 10, 11, 4, 12, 13, 14]]);
  expect(rows(whole?.["versions"])).toEqual([[-1, -1, -1, 4, 4, -1, 5, 5, 5]]);
  expect(rows(whole?.["rewards"])).toEqual([[1]]);
  expect(rows(twoRows?.["input_ids"])).toEqual([
    [1, 2, 3, 10, 11, 0, 0],
    [1, 2, 3, 10, 9, 4, 12],
  ]);
  expect(rows(twoRows?.["attention_mask"])).toEqual([
    [1, 1, 1, 1, 1, 0, 0],
    [1, 1, 1, 1, 1, 1, 1],
  ]);
  expect(manifest.exclusions).toEqual([
    { reason: "recorded at L0: there are no token ids", count: 1 },
    { reason: "no recorded calls: the arm has no recording gateway", count: 1 },
    { reason: "unjudged: there is no reward", count: 1 },
  ]);
  expect(manifest.tokens).toEqual({
    byLevel: { L2: 2 },
    calls: 4,
    generated: 8,
    processed: 21,
    sequences: 3,
    trainableFraction: 8 / 21,
    byWeightVersion: { "4": 5, "5": 3 },
    breaks: { "messages[2].content was rewritten": 1 },
    dropped: {},
  });
});

test("individual style discounts earlier calls", async () => {
  const { out } = await exported("areal", { settings: { style: "individual", discount: 0.5 } });
  const { trajectories } = JSON.parse(await readFile(join(out, "areal.json"), "utf8")) as {
    trajectories: { traj: Readonly<Record<string, SerializedTensor>> }[];
  };
  expect(trajectories.map(({ traj }) => rows(traj["rewards"])?.flat())).toEqual([
    [0.5, 1],
    [0, 0],
  ]);
});

test("jsonl carries the calls as they were recorded, and their returns", async () => {
  const { out } = await exported("jsonl");
  const lines = (await readFile(join(out, "trajectories.jsonl"), "utf8")).trimEnd().split("\n");
  const tokens = lines.map((line) => (JSON.parse(line) as { tokens: unknown; tokenSource: string }).tokens);
  const { v: _v, ...first } = continued;
  expect(tokens[0]).toEqual({ ...first, returns: [1, 1] });
  expect(tokens[3]).toBeNull();
  expect(tokens[4]).toEqual({ ...first, returns: null });
});

test("selections leave out with a reason, also in a compressed run", async () => {
  await compressLog(directory, "tokens.jsonl");
  const { manifest } = await exported("jsonl", {
    selection: { rewardMin: 1, dedup: true, split: { name: "train", tasks: new Set(["0", "1"]) } },
  });
  expect(manifest.counts.trajectories).toBe(1);
  expect(manifest.tokens.generated).toBe(5);
  expect(manifest.split.name).toBe("train");
  expect(manifest.exclusions).toEqual([
    { reason: "not selected: reward below 1", count: 1 },
    { reason: "not selected: not in split train", count: 3 },
  ]);
});

test.skipIf(arrow === undefined)("pyarrow and DuckDB read the Parquet file as lists", async () => {
  const { out } = await exported("parquet");
  const script = new URL("peers/read-parquet.py", import.meta.url).pathname;
  const { stdout } = await run(arrow ?? "", [script, join(out, "trajectories.parquet")]);
  expect(JSON.parse(stdout)).toEqual({
    types: ["list<element: int32>", "list<element: float>", "INTEGER[]", "FLOAT[]"],
    rows: [
      [cell.episodeIds[0], [1, 2, 3, 10, 11, 4, 12, 13, 14], [0, 0, 0, 1, 1, 0, 1, 1, 1], 1],
      [cell.episodeIds[1], [1, 2, 3, 10, 11], [0, 0, 0, 1, 1], 0],
      [cell.episodeIds[1], [1, 2, 3, 10, 9, 4, 12], [0, 0, 0, 0, 0, 0, 1], 0],
      [cell.episodeIds[2], null, null, 1],
      [cell.episodeIds[3], null, null, 1],
      [cell.episodeIds[4], [1, 2, 3, 10, 11, 4, 12, 13, 14], [0, 0, 0, 1, 1, 0, 1, 1, 1], null],
    ],
  });
});

test.skipIf(areal.python === undefined || areal.checkout === undefined)(
  "AReaL's own deserialiser loads the tensors",
  async () => {
    const { out } = await exported("areal");
    const script = new URL("peers/read-areal.py", import.meta.url).pathname;
    const env = { ...process.env, PYTHONPATH: areal.checkout ?? "" };
    const { stdout } = await run(areal.python ?? "", [script, join(out, "areal.json")], { env });
    const [first, second] = JSON.parse(stdout.trimEnd().split("\n").at(-1) ?? "") as object[];
    expect(first).toEqual({
      input_ids: ["torch.int64", [1, 9], 70],
      loss_mask: ["torch.int64", [1, 9], 5],
      logprobs: ["torch.float32", [1, 9], -6.75],
      versions: ["torch.int64", [1, 9], 19],
      attention_mask: ["torch.bool", [1, 9], 9],
      rewards: ["torch.float32", [1], 1],
      original_rewards: ["torch.float32", [1], 1],
      turn_ids: ["torch.int32", [1, 9], -1],
    });
    expect(second).toMatchObject({
      attention_mask: ["torch.bool", [2, 7], 12],
      rewards: ["torch.float32", [2], 0],
    });
  },
);

test.skipIf(harbor === undefined)("Harbor's own models accept every ATIF file", async () => {
  const { out, manifest } = await exported("atif");
  const script = new URL("peers/read-atif.py", import.meta.url).pathname;
  const { stdout } = await run(harbor ?? "", [script, join(out, "atif")]);
  expect(manifest.counts.trajectories).toBe(5);
  expect(JSON.parse(stdout)).toEqual(
    cell.episodeIds
      .map((id, index) => ({ id, steps: 5, completionTokens: [5, 3, 0, 0, 5][index] }))
      .toSorted((a, b) => (a.id < b.id ? -1 : 1)),
  );
});

test.skipIf(atif === undefined)(
  "the package atif accepts every ATIF file, and the totals are the sums",
  async () => {
    const { out } = await exported("atif");
    const script = new URL("peers/read-atif-package.py", import.meta.url).pathname;
    const { stdout } = await run(atif ?? "", [script, join(out, "atif")]);
    expect(JSON.parse(stdout)).toEqual(
      cell.episodeIds
        .map((id) => ({ id, steps: 5, reasoning: [] }))
        .toSorted((a, b) => (a.id < b.id ? -1 : 1)),
    );
  },
);
