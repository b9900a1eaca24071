import { readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { peerDefects, sectionCount } from "./peers-defects.ts";

/**
 * Cheap facts about the list: the tests are there under their names, and the text where each defect would be planted is
 * where the list says. That each test does catch its defect is shown by peers-defects.long.test.ts.
 */
const titlesOf = (file: string) =>
  [
    ...readFileSync(file, "utf8").matchAll(/\btest(?:\.\w+(?:<[^>]*>)?\([^)]*\))?\(\s*"((?:[^"\\]|\\.)*)"/g),
  ].map(([, title]) => title);

test.each(peerDefects)("$peer: $defect", ({ file, title, plant }) => {
  expect(titlesOf(file).filter((found) => found === title)).toEqual([title]);
  expect(readFileSync(plant.file, "utf8").split(plant.from)).toHaveLength(2);
  expect(plant.to).not.toBe(plant.from);
});

test("every defect that was found in a peer has a row, and no two rows are one", () => {
  const sections = new Set(peerDefects.map(({ section }) => section));
  const missing = Array.from({ length: sectionCount }, (_, at) => at + 1).filter((at) => !sections.has(at));
  expect(missing).toEqual([]);
  expect(new Set(peerDefects.map(({ plant }) => JSON.stringify(plant))).size).toBe(peerDefects.length);
});
