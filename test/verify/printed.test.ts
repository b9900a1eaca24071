import { readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { rebuildReport } from "../../bench/report/rebuild.ts";
import type { JsonValue } from "../../bench/verify/evidence/json-value.ts";
import { compareFigures } from "../../bench/verify/figures/compare.ts";
import { htmlPage, markdownPage } from "../../bench/verify/printed/blocks.ts";
import { csvFigures, csvRows } from "../../bench/verify/printed/csv-cells.ts";
import { comparePages } from "../../bench/verify/printed/two-pages.ts";
import { invoke } from "../commands/invoke.ts";
import { TemporaryFolder } from "../e2e/tollgate-process.ts";
import { unpack } from "../pack/unpacked.ts";

async function storedReport(folder: TemporaryFolder) {
  await unpack(join(import.meta.dirname, "../fixtures/stored-runs/resumed.tar.zst"), folder.path);
  const directory = join(folder.path, readdirSync(folder.path)[0] ?? "");
  await rebuildReport(directory);
  const read = (name: string) => readFileSync(join(directory, "report", name), "utf8");
  return { directory, read };
}

/** Every digit of a text, each made another one. */
function editedDigits(text: string): readonly { readonly at: number; readonly edited: string }[] {
  return [...text.matchAll(/\d/g)].map(({ index, 0: digit }) => {
    return {
      at: index,
      edited: `${text.slice(0, index)}${(Number(digit) + 1) % 10}${text.slice(index + 1)}`,
    };
  });
}

test("every digit of the tables and notes of report.md is held against report.html", async () => {
  using folder = new TemporaryFolder();
  const { read } = await storedReport(folder);
  const [markdown, html] = [read("report.md"), htmlPage(read("report.html"))];
  expect(comparePages(markdownPage(markdown), html).unequal).toEqual([]);
  const missed = editedDigits(markdown).filter(
    ({ edited }) => comparePages(markdownPage(edited), html).unequal.length === 0,
  );
  expect(missed.map(({ at }) => markdown.slice(at - 30, at + 10))).toEqual([]);
});

test("every digit of cells.csv is held against report.json, to nine digits", async () => {
  using folder = new TemporaryFolder();
  const { read } = await storedReport(folder);
  const report = JSON.parse(read("report.json")) as JsonValue;
  const csv = read("cells.csv");
  const differs = (text: string) => {
    const { heads, rows } = csvRows(text);
    return compareFigures("report/cells.csv", csvFigures(report, heads), rows).unequal.length > 0;
  };
  expect(differs(csv)).toBe(false);
  const [head = "", ...lines] = csv.split("\n");
  const values = lines.flatMap((line, row) =>
    line.split(",").map((field, column) => ({ row, column, field })),
  );
  const missed = values.flatMap(({ row, column, field }) =>
    editedDigits(field)
      .filter((_, index) => index < 9)
      .flatMap(({ edited }) => {
        const whole = lines.map((line, at) =>
          at === row ? line.split(",").with(column, edited).join(",") : line,
        );
        return differs([head, ...whole].join("\n"))
          ? []
          : [`${head.split(",")[column]}: ${field} -> ${edited}`];
      }),
  );
  // Leading zeros of a fraction and what is 0 but for rounding take none of the nine digits that count.
  expect(missed.filter((line) => !/: -?[\d.]+e-1[5-9] /.test(line))).toEqual([]);
});

test("the command names row and column of a printed number that was edited", async () => {
  using folder = new TemporaryFolder();
  const { directory, read } = await storedReport(folder);
  const path = join(directory, "report/report.md");
  const row = /^\| c2-r0-raw \| [\d.]+ \|/m.exec(read("report.md"))?.[0] ?? "";
  writeFileSync(path, read("report.md").replace(row, row.replace(/ \|$/, "7 |")));
  const { code, stdout } = await invoke(["verify", directory]);
  expect(code).toBe(1);
  expect(stdout).toMatch(
    /^NOT EQUAL {2}report\/report\.md and report\.html {2}Speed, row 1 \(c2-r0-raw\), column in flight episodes: it says /,
  );
});
