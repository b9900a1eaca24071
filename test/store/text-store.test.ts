import { createHash } from "node:crypto";
import * as fc from "fast-check";
import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { RunUnreadableError } from "../../bench/errors.ts";
import { TextStore, writeWhole } from "../../bench/store/text-store.ts";

let run: string;
beforeEach(async () => (run = await mkdtemp(join(tmpdir(), "tollgate-texts-"))));
afterEach(() => rm(run, { recursive: true, force: true }));

const texts = () => join(run, "evidence", "texts");
const stored = (text: string) => ({ text, sha256: createHash("sha256").update(text).digest("hex") });

test("a text comes back as it was, whatever it is made of, also to another process", async () => {
  await fc.assert(
    fc.asyncProperty(fc.string({ unit: "grapheme" }), async (text) => {
      const put = stored(text);
      await new TextStore(run).put(put);
      expect(await new TextStore(run).get(put.sha256)).toBe(text);
    }),
    { numRuns: 30 },
  );
  expect((await readdir(texts())).filter((name) => !/^[0-9a-f]{64}\.txt$/.test(name))).toEqual([]);
});

test("a text that is there is not written again: an older run's file is left alone", async () => {
  const put = stored("policy");
  await mkdir(texts(), { recursive: true });
  const path = join(texts(), `${put.sha256}.txt`);
  await writeFile(path, "someone changed it");
  await new TextStore(run).put(put);
  expect(await readFile(path, "utf8")).toBe("someone changed it");
  // And a reader is told.
  await expect(new TextStore(run).get(put.sha256)).rejects.toThrow(`${path} was changed`);
});

test("a text that is missing is a damaged run that names the file", async () => {
  const { sha256 } = stored("gone");
  const failure = new TextStore(run).get(sha256);
  await expect(failure).rejects.toThrow(RunUnreadableError);
  await expect(failure).rejects.toThrow(`${join(texts(), `${sha256}.txt`)} cannot be read: ENOENT`);
});

test("a file that cannot be put in its place leaves what was there, and nothing beside it", async () => {
  const path = join(run, "report.json");
  await mkdir(join(path, "in-the-way"), { recursive: true });
  await expect(writeWhole(path, "new")).rejects.toThrow(/EISDIR|ENOTEMPTY|EEXIST/);
  expect(await readdir(run)).toEqual(["report.json"]);
});
