import { appendFileSync, readFileSync, utimesSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { expectExit, TemporaryFolder, tollgate } from "./tollgate-process.ts";

test("a finished run that is resumed stays as it is; its report is written anew only where something changed since", async () => {
  using folder = new TemporaryFolder();
  const finished = await tollgate(["sweep", "suites/echo/echo.yaml", "--out", folder.path]);
  expectExit(finished, 0);
  const run = finished.stdout.trim().split("\n").at(-1) ?? "";
  const [records, report] = [join(run, "records.jsonl"), join(run, "report", "report.json")];
  const before = [readFileSync(records, "utf8"), readFileSync(report, "utf8")];

  const again = await tollgate(["resume", run]);
  expectExit(again, 0);
  expect(again.stderr).toContain(`nothing is left to do in ${run}`);
  // The same last screen.
  const screen = (text: string) => text.replaceAll(/\d+ s\b/g, "");
  expect(screen(again.stdout)).toBe(screen(finished.stdout));
  expect([readFileSync(records, "utf8"), readFileSync(report, "utf8")]).toEqual(before);

  // As after the driver was killed while it wrote its report.
  utimesSync(report, 0, 0);
  expectExit(await tollgate(["resume", run]), 0);
  expect(readFileSync(records, "utf8")).not.toBe(before[0]);

  appendFileSync(records, '{"v":1,"type":"epi');
  const torn = await tollgate(["resume", run]);
  expectExit(torn, 0);
  expect(torn.stderr).toContain("the last line is torn");
  expect(readFileSync(records, "utf8")).not.toContain('"epi{');
});
