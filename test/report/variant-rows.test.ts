import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { buildReport } from "../../bench/report/build-report.ts";
import { unpack } from "../pack/unpacked.ts";
import { Folder } from "../suites/tasks/temporary-folder.ts";

const archive = join(import.meta.dirname, "../fixtures/stored-runs/sweep.tar.zst");

/** Every object below `value` that names a cell and its arm, with where it stands. */
function cellRows(value: unknown, at = ""): readonly { readonly at: string; readonly row: object }[] {
  if (Array.isArray(value)) return value.flatMap((one: unknown) => cellRows(one, at));
  if (value === null || typeof value !== "object") return [];
  const own = "cellId" in value && "arm" in value ? [{ at, row: value }] : [];
  return [...own, ...Object.entries(value).flatMap(([key, one]) => cellRows(one, `${at}.${key}`))];
}

/** A stored run, as if its cells had been of one variant, with all that a row per cell is made for. */
async function storedRows(variant: string | null) {
  using folder = new Folder();
  await unpack(archive, folder.path);
  const run = join(folder.path, "stored-sweep-20261128T132443Z-e4f64c");
  const path = join(run, "run.json");
  const identity = JSON.parse(readFileSync(path, "utf8")) as { cells: object[]; resolved: { sweep: object } };
  const named = { ...(variant !== null && { variant }) };
  const edited = {
    ...identity,
    resolved: { ...identity.resolved, sweep: { ...identity.resolved.sweep, slo: { ttft_p50: "10 s" } } },
    cells: identity.cells.map((cell) => ({ ...cell, ...named })),
    passAtK: [1],
    axes: [{ name: "kind", heading: "kind", meaning: "what is asked" }],
    scores: {
      averaged: "tasks",
      outOf: 1,
      names: [{ name: "passed", heading: "passed", meaning: "the task passed" }],
    },
  };
  writeFileSync(path, JSON.stringify(edited));
  const records = join(run, "records.jsonl");
  const lines = readFileSync(records, "utf8").trimEnd().split("\n");
  const placed = lines.map((line) => {
    const record = JSON.parse(line) as Record<string, unknown>;
    return JSON.stringify(
      record["type"] === "episode" ? { ...record, ...named, axes: { kind: "one" } } : record,
    );
  });
  writeFileSync(records, `${placed.join("\n")}\n`);
  return cellRows(await buildReport(run));
}

const places = [".cells", ".scores.cells", ".passAtK.cells", ".byAxis.cells", ".slo.cells", ".ledgers"];

test("every row of a cell says of which variant it is", async () => {
  const rows = await storedRows("fp8");
  expect([...new Set(rows.map(({ at }) => at))].toSorted()).toEqual(places.toSorted());
  const others = rows.filter(({ row }) => !("variant" in row) || row.variant !== "fp8");
  expect(others.map(({ at }) => at)).toEqual([]);
});

test("without variants no row has the word", async () => {
  const rows = await storedRows(null);
  expect(rows.length).toBeGreaterThan(0);
  expect(rows.flatMap(({ at, row }) => ("variant" in row ? [at] : []))).toEqual([]);
});
