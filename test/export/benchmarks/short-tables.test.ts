import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import type { VariantQuantity } from "../../../bench/analysis/variants/variant-report.ts";
import { exportBenchmarks } from "../../../bench/export/benchmarks/export-benchmarks.ts";
import { shortVariantTable } from "../../../bench/export/benchmarks/short-tables.ts";
import { unpack } from "../../pack/unpacked.ts";
import { Folder } from "../../suites/tasks/temporary-folder.ts";

const archive = join(import.meta.dirname, "../../fixtures/stored-runs/sweep.tar.zst");

/** Pages of a stored run, as if every task had had a prompt of 8192 tokens in one request, of which the model saw 4096. */
async function pagesOf(folder: Folder, arms: readonly string[]) {
  await unpack(archive, folder.path);
  const run = join(folder.path, "stored-sweep-20261128T132443Z-e4f64c");
  const identity = JSON.parse(readFileSync(join(run, "run.json"), "utf8")) as object;
  const axes = [{ name: "length", heading: "prompt tokens", meaning: "tokens of the prompt" }];
  writeFileSync(join(run, "run.json"), JSON.stringify({ ...identity, axes }));
  const lines = readFileSync(join(run, "records.jsonl"), "utf8").trimEnd().split("\n");
  const placed = lines.map((line) => {
    const record = JSON.parse(line) as Record<string, unknown>;
    if (record["type"] !== "episode") return line;
    return JSON.stringify({ ...record, axes: { length: 8192 }, requests: 1, promptTokens: 4096 });
  });
  writeFileSync(join(run, "records.jsonl"), `${placed.join("\n")}\n`);
  const out = join(folder.path, "pages");
  await exportBenchmarks(run, { out, quoted: null, arms });
  return (name: string) => readFileSync(join(out, name), "utf8");
}

test("both pages have what is passed and added by prompt length, with what the model did not see", async () => {
  using folder = new Folder();
  const read = await pagesOf(folder, []);
  const short = read("BENCHMARKS.md");
  expect(short).toMatch(/\| 8192 \| closed:\d+ \| raw \| \d.* % \[.*\] \| .* \| - \|/);
  expect(short).toMatch(/\| 8192 \| closed:\d+ \| null-proxy \| .* \| [+-][\d.]+ \[.*\] \|/);
  // It asks the engine at another address, whose first token leaves at another moment.
  expect(short).toMatch(/\| 8192 \| closed:\d+ \| gateway \| .* \| not comparable \|/);
  expect(short).toContain("gateway 8192: the baseline asks the engine at /chat/completions");
  const detailed = read("BENCHMARKS_DETAILED.md");
  expect(detailed).toContain("## By prompt length");
  expect(detailed).toContain("## What an arm adds, by prompt length");
  for (const page of [short, detailed])
    expect(page).toMatch(
      /gateway 8192: the model processed fewer tokens than it was sent in \d+ requests: the prompt was truncated/,
    );
  const { lengths } = JSON.parse(read("benchmarks.json")) as { lengths: { differences: object[] } };
  expect(lengths.differences[0]).toMatchObject({ arm: "gateway", length: 8192 });
});

test("pages of one arm have no row of another by length", async () => {
  using folder = new Folder();
  const read = await pagesOf(folder, ["raw"]);
  for (const name of ["BENCHMARKS.md", "BENCHMARKS_DETAILED.md"]) {
    expect(read(name)).toContain("## By prompt length");
    expect(read(name)).not.toMatch(/\| 8192 \|.*gateway/);
    expect(read(name)).not.toMatch(/gateway 8192/);
  }
});

test("the short table of configurations has what one is chosen by, and no note on what it leaves out", () => {
  const of = (quantity: string, difference: VariantQuantity["difference"]): VariantQuantity => ({
    quantity,
    unit: "ms",
    baselineValue: 50,
    value: 40,
    difference,
    relative: null,
    basis: "tasks",
    units: 12,
  });
  const change = { value: -10, low: -12, high: -8 };
  const quantities = [of("ttft_p50", change), of("itl_p99", change), of("queue_s", null)];
  const table = shortVariantTable({
    baseline: "standard",
    variants: [
      { name: "standard", changes: {} },
      { name: "fp8", changes: { quantization: "fp8" } },
    ],
    comparisons: [{ variant: "fp8", arm: "raw", load: "closed:4", cells: [], refused: null, quantities }],
  });
  expect(table.rows.map(([variant, , quantity]) => [variant, quantity])).toEqual([["fp8", "ttft_p50, ms"]]);
  expect(table.notes.join(" ")).toContain('fp8 = quantization: "fp8"');
  expect(table.notes.join(" ")).not.toContain("queue_s");
});
