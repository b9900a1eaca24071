import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { rebuildReport } from "../../bench/report/rebuild.ts";
import { rebuildReplay } from "../../bench/report/rebuild.ts";
import { TemporaryFolder } from "../e2e/tollgate-process.ts";
import { unpack } from "../pack/unpacked.ts";

const archives = join(import.meta.dirname, "../fixtures/stored-runs");
const names = readdirSync(archives)
  .filter((name) => name.endsWith(".tar.zst"))
  .map((name) => name.replace(".tar.zst", ""));

test("there are stored runs", () => {
  expect(names).toEqual(["dirty", "openclaw", "replay-aa", "replay", "resumed", "sweep"]);
});

/** Whoever kept a run may ask for its report again, years later and with another version. */
test.each(names)("the report of the stored run %s is what it was, byte for byte", async (name) => {
  using folder = new TemporaryFolder();
  await unpack(join(archives, `${name}.tar.zst`), folder.path);
  const [run = ""] = readdirSync(folder.path);
  const directory = join(folder.path, run);
  const before = readFileSync(join(directory, "report/report.json"), "utf8");
  await (name.startsWith("replay") ? rebuildReplay(directory) : rebuildReport(directory));
  expect(readFileSync(join(directory, "report/report.json"), "utf8")).toBe(before);
});
