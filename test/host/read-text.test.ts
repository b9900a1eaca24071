import { expect, test } from "vitest";
import { readText } from "../../bench/host/read-text.ts";

test("a file is read whole; one that is missing, or none, is null", () => {
  expect(readText("test/host/read-text.test.ts")).toContain("is read whole");
  expect([readText("/nowhere/file"), readText("/tmp")]).toEqual([null, null]);
});
