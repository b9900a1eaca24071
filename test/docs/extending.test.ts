import { existsSync, readFileSync } from "node:fs";
import { expect, test } from "vitest";

test("every file that docs/extending.md sends a newcomer to is there", () => {
  const named = [
    ...readFileSync("docs/extending.md", "utf8").matchAll(
      /`((?:bench|openclaw-tau2|suites|test)\/[\w./-]+)`/g,
    ),
  ]
    .map((match) => match[1] ?? "")
    .filter((path) => !path.includes("NAME") && !path.startsWith("test/suites/"));
  expect(named.length).toBeGreaterThan(20);
  expect(named.filter((path) => !existsSync(path))).toEqual([]);
});
