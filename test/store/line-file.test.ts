import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { zstdCompressSync } from "node:zlib";
import * as fc from "fast-check";
import { afterAll, expect, test } from "vitest";
import { AppendFile } from "../../bench/store/append-file.ts";
import { readLines } from "../../bench/store/line-file.ts";
import { collect } from "../tap/fixtures/scripted-engine.ts";

const directory = mkdtempSync(join(tmpdir(), "tollgate-lines-"));
afterAll(() => rmSync(directory, { recursive: true, force: true }));

test("lines put together are the file, byte for byte, compressed or not; only the last may be unfinished", async () => {
  const line = fc.string({ unit: "binary", maxLength: 12 }).map((text) => text.replaceAll("\n", "\u2028"));
  let count = 0;
  await fc.assert(
    fc.asyncProperty(
      fc.array(line, { maxLength: 8 }),
      fc.boolean(),
      fc.boolean(),
      async (lines, torn, small) => {
        const text = lines.join("\n") + (torn || lines.length === 0 ? "" : "\n");
        const bytes = Buffer.from(text);
        const path = join(directory, `${(count += 1)}.ndjson${small ? ".zst" : ""}`);
        writeFileSync(path, small ? zstdCompressSync(bytes) : bytes);
        const read = await collect(readLines(path));
        const whole = Buffer.concat(
          read.map((one) => (one.terminated ? Buffer.concat([one.bytes, Buffer.from("\n")]) : one.bytes)),
        );
        expect(whole.equals(bytes)).toBe(true);
        expect(read.map(({ number }) => number)).toEqual(read.map((_, index) => index + 1));
        expect(read.slice(0, -1).every(({ terminated }) => terminated)).toBe(true);
        for (const { startByte, endByte, bytes: own, terminated } of read) {
          expect(bytes.subarray(startByte, endByte - (terminated ? 1 : 0)).equals(own)).toBe(true);
        }
      },
    ),
    { numRuns: 30 },
  );
});

test("a line longer than what is read at once stays one line", async () => {
  const path = join(directory, "long.ndjson");
  writeFileSync(path, `${"x".repeat(600_000)}\ny\n`);
  expect((await collect(readLines(path))).map(({ bytes }) => bytes.length)).toEqual([600_000, 1]);
});

test("appended lines go behind what is there, and those that are taken back are gone", async () => {
  const path = join(directory, "grows.ndjson");
  writeFileSync(path, "first\n");
  {
    await using file = await AppendFile.open(path);
    expect(file.length).toBe(6);
    await file.appendLine("zweite Zeile: ä");
    const { length } = file;
    await file.appendLine("taken back");
    await file.truncate(length);
    await file.appendLine("third");
  }
  const texts = (await collect(readLines(path))).map(({ bytes }) => bytes.toString());
  expect(texts).toEqual(["first", "zweite Zeile: ä", "third"]);
});

test("a file that cannot be opened is a StorageError that names it", async () => {
  await expect(AppendFile.open(join(directory, "missing", "x.ndjson"))).rejects.toMatchObject({
    message: expect.stringContaining(join("missing", "x.ndjson")),
  });
});

test("what is no file is named, with what to do; one that is not there is its reader's own question", async () => {
  await expect(collect(readLines(directory))).rejects.toThrow(/cannot be read: it is no file\. Restore it/);
  await expect(collect(readLines(join(directory, "none")))).rejects.toThrow(/ENOENT/);
});
