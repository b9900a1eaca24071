import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, expect, test } from "vitest";
import { EvidenceLines } from "../../bench/run/evidence-lines.ts";

const directory = mkdtempSync(join(tmpdir(), "tollgate-lines-"));
afterEach(() => rmSync(directory, { recursive: true, force: true }));

test("lines keep their order, and one that cannot be written is told to who waits, or at the end", async () => {
  const lines = new EvidenceLines(directory);
  lines.add("a.ndjson", { n: 1 });
  await lines.append("a.ndjson", { n: 2 });
  expect(readFileSync(join(directory, "a.ndjson"), "utf8")).toBe('{"n":1}\n{"n":2}\n');
  await expect(lines.append("no/folder.ndjson", {})).rejects.toThrow(/Cannot write .*no\/folder\.ndjson/);
  lines.add("no/folder.ndjson", {});
  lines.add("a.ndjson", { n: 3 });
  await expect(lines.close()).rejects.toThrow(/Cannot write/);
  expect(readFileSync(join(directory, "a.ndjson"), "utf8")).toContain('{"n":3}');
});
