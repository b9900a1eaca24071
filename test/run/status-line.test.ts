import { array, assert, integer, property, record, string } from "fast-check";
import { expect, test } from "vitest";
import { fitted, StatusLine, type StatusPart } from "../../bench/run/status-line.ts";

const parts: readonly StatusPart[] = [
  { text: "cell 1/2 c1-r0-raw 3/12", rank: 4 },
  { text: "episodes 3/24, 1 in flight", rank: 2 },
  { text: "passed 3 of 3", rank: 6 },
  { text: "", rank: 3 },
  { text: "0:42, about 1:20 left", rank: 0 },
];

test.each([
  [200, "cell 1/2 c1-r0-raw 3/12 | episodes 3/24, 1 in flight | passed 3 of 3 | 0:42, about 1:20 left"],
  [80, "cell 1/2 c1-r0-raw 3/12 | episodes 3/24, 1 in flight | 0:42, about 1:20 left"],
  [60, "episodes 3/24, 1 in flight | 0:42, about 1:20 left"],
  [30, "0:42, about 1:20 left"],
  [10, "0:42, abou"],
])("in %i columns", (columns, expected) => {
  expect(fitted(parts, columns)).toBe(expected);
});

test("nothing is wider than the terminal, and the time left is there wherever it fits", () => {
  const part = record({ text: string({ maxLength: 30 }), rank: integer({ min: 1, max: 9 }) });
  assert(
    property(array(part), integer({ min: 0, max: 120 }), (others, columns) => {
      const time = { text: "about 3:12 left", rank: 0 };
      const text = fitted([...others, time], columns);
      expect(text.length).toBeLessThanOrEqual(columns);
      expect(text.endsWith(time.text) || columns < time.text.length).toBe(true);
    }),
  );
});

test("a terminal that is made narrower is noticed at the next drawing; what is told stands above the line", () => {
  let columns = 80;
  let written = "";
  const screen = {
    interactive: true,
    get columns() {
      return columns;
    },
    write: (text: string) => void (written += text),
  };
  using line = new StatusLine(screen, () => parts);
  line.draw();
  columns = 61;
  written = "";
  line.tell("an episode failed");
  expect(written).toBe(
    "\r\u001b[Kan episode failed\n\r\u001b[Kepisodes 3/24, 1 in flight | 0:42, about 1:20 left",
  );
});

test("where nobody watches, a line is whole and stands for itself", () => {
  let written = "";
  const screen = { interactive: false, columns: 20, write: (text: string) => void (written += text) };
  const line = new StatusLine(screen, () => parts);
  line.draw();
  line[Symbol.dispose]();
  line.draw();
  expect(written).toBe(`${fitted(parts, Infinity)}\n`);
});
