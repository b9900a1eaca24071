import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { brotliCompressSync, gzipSync } from "node:zlib";
import * as fc from "fast-check";
import { parquetWriteBuffer } from "hyparquet-writer";
import { afterAll, expect, test } from "vitest";
import { readRows } from "../../../../suites/code/formats/read-rows.ts";
import type { Row } from "../../../../suites/code/formats/row.ts";
import { TemporaryFolder } from "../../../e2e/tollgate-process.ts";
import { fileWith, jsonLines } from "./data-files.ts";

const folder = new TemporaryFolder();
afterAll(() => folder[Symbol.dispose]());

async function rowsOf(content: string | Uint8Array, name?: string) {
  return await allOf(fileWith(folder.path, content, name));
}

async function allOf(file: string): Promise<Row[]> {
  const all: Row[] = [];
  for await (const row of readRows(file)) all.push(row);
  return all;
}

const rows = [
  { id: 1, text: "Größe → 10 €" },
  { id: 2, text: "two\r\nlines \u2028 in one" },
  { id: 3, text: "" },
];
const read = rows.map((value, index) => ({ line: index + 1, value }));
const lines = jsonLines(rows);
const utf16 = Buffer.concat([Buffer.from([0xff, 0xfe]), Buffer.from(lines, "utf16le")]);

test.each<readonly [what: string, content: string | Uint8Array]>([
  ["JSON lines", lines],
  ["without a last line end", lines.trimEnd()],
  ["with CRLF", jsonLines(rows, "\r\n")],
  ["with a byte order mark", `\uFEFF${lines}`],
  ["with a mark and CRLF", `\uFEFF${jsonLines(rows, "\r\n")}`],
  ["a list on one line", JSON.stringify(rows)],
  ["a list on many lines", `\n${JSON.stringify(rows, null, 2)}\n`],
  ["packed, whatever its name says", gzipSync(lines)],
  ["a packed list", gzipSync(JSON.stringify(rows))],
  [
    "packed in two members",
    Buffer.concat([gzipSync(jsonLines(rows.slice(0, 1))), gzipSync(jsonLines(rows.slice(1)))]),
  ],
])("%s", async (_, content) => {
  expect((await rowsOf(content)).map(({ value }) => value)).toEqual(rows);
});

test("lines are counted as an editor counts them, empty ones too", async () => {
  expect((await rowsOf(`\n{"a": 1}\n\n  \n{"a": 2}\n\n`)).map(({ line }) => line)).toEqual([2, 5]);
});

test.each(["UNCOMPRESSED", "SNAPPY"] as const)("Parquet, %s", async (codec) => {
  const columnData = [
    { name: "id", data: rows.map(({ id }) => BigInt(id)), type: "INT64" as const },
    { name: "text", data: rows.map(({ text }) => text), type: "STRING" as const },
  ];
  const buffer = parquetWriteBuffer({ columnData, codec });
  expect(await rowsOf(new Uint8Array(buffer), "data.parquet")).toEqual(read);
});

test.each<readonly [what: string, content: string | Uint8Array, says: RegExp]>([
  ["an empty file", "", /data\.jsonl is empty/],
  ["a torn last line", lines.slice(0, -12), /line 3, its last one, has no end: .*cut; download it again/],
  ["a torn line between others", lines.replace('"text":"', '"te'), /line 1: it is no JSON/],
  ["a line that is no object", `${lines}[1]\n`.replace("[1]", "7"), /line 4: it is JSON, but no object/],
  ["a list of something else", "[1, 2]", /item 1, is no object/],
  ["a torn list", JSON.stringify(rows).slice(0, -4), /begins as a JSON list and is none/],
  ["Latin-1", Buffer.from(lines, "latin1"), /line 1, is not UTF-8/],
  [
    "a byte that is wrong in the third line",
    Buffer.concat([Buffer.from(lines.slice(0, -3)), Buffer.from([0xc3, 0x28]), Buffer.from('"}\n')]),
    /line 3, is not UTF-8/,
  ],
  ["UTF-16", utf16, /is UTF-16: save it as UTF-8/],
  ["a huge line", `{"a": "${"x".repeat(17 * 1024 * 1024)}"}\n`, /line 1, has more than 16 MiB/],
  [
    "a huge line behind others",
    `${lines}{"a": "${"x".repeat(17 * 1024 * 1024)}`,
    /line 4, has more than 16 MiB/,
  ],
  ["a torn packed file", gzipSync(lines).subarray(0, 40), /cannot be unpacked, or is cut/],
  [
    "a small file that unpacks to a huge line",
    gzipSync(Buffer.alloc(64 * 1024 * 1024, 0x20)),
    /line 1, has more than 16 MiB/,
  ],
  ["a torn Parquet file", Buffer.from("PAR1 and nothing else"), /cannot be read as Parquet/],
  ["a page of HTML", "<!doctype html>\n<title>404</title>\n", /line 1: it is no JSON/],
  ["another packing", brotliCompressSync(lines), /not UTF-8|no JSON/],
])("%s is refused with file and place", async (_, content, says) => {
  await expect(rowsOf(content)).rejects.toThrow(says);
  await expect(rowsOf(content)).rejects.toThrow("data.jsonl");
});

test("a file that is not there, or is a folder, is named with what to do", async () => {
  const absent = join(folder.path, "absent.jsonl");
  await expect(allOf(absent)).rejects.toThrow(/absent\.jsonl cannot be read.*workload\.file/);
  const place = join(folder.path, "place");
  mkdirSync(place, { recursive: true });
  await expect(allOf(place)).rejects.toThrow(/place is a folder/);
});

test("whatever texts rows hold, they come back as they were, in every form", async () => {
  const row = fc.record({
    id: fc.integer(),
    text: fc.string({ unit: "binary" }),
    list: fc.array(fc.string(), { maxLength: 3 }),
  });
  const forms = fc.constantFrom<(rows: readonly unknown[]) => string | Uint8Array>(
    (all) => jsonLines(all),
    (all) => jsonLines(all, "\r\n"),
    (all) => gzipSync(jsonLines(all)),
    (all) => JSON.stringify(all, null, 1),
  );
  await fc.assert(
    fc.asyncProperty(fc.array(row, { minLength: 1, maxLength: 6 }), forms, async (all, form) => {
      // A lone surrogate is written as an escape and comes back as such.
      const values = (await rowsOf(form(all))).map(({ value }) => value);
      expect(values).toEqual(JSON.parse(JSON.stringify(all)));
    }),
    { numRuns: 60 },
  );
});
