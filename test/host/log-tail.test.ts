import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { lastLines } from "../../bench/host/log-tail.ts";
import { TemporaryFolder } from "../e2e/tollgate-process.ts";

test("the end of a log, for a message: without colours, and of this start alone", () => {
  using folder = new TemporaryFolder();
  const file = join(folder.path, "x.log");
  const before = "an earlier start\n";
  writeFileSync(file, `${before}one\n\u001B[32mtwo\u001B[0m\n\u001B[1;31mthree\u001B[0m\n\n`);
  expect(lastLines(file, 2, before.length)).toBe("two\nthree");
  expect(lastLines(file, 9, before.length)).toBe("one\ntwo\nthree");
  expect(lastLines(join(folder.path, "none.log"), 2)).toMatch(/^\(the log cannot be read: /);
});
