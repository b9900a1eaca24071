import { InvalidArgumentError } from "commander";
import * as fc from "fast-check";
import { expect, test } from "vitest";
import { natural, number, port, positive, seconds } from "../../bench/commands/arguments.ts";

test.each([
  ["0", natural, 0],
  ["12", natural, 12],
  ["1", positive, 1],
  ["-0.5", number, -0.5],
  ["1e3", number, 1000],
  ["0.25", seconds, 0.25],
  ["2s", seconds, 2],
  ["500ms", seconds, 0.5],
  ["1.5m", seconds, 90],
  [" 2h", seconds, 7200],
  ["1e-3", seconds, 0.001],
  ["0", port, 0],
  ["65535", port, 65_535],
])("%s is read by %o", (text, read, value) => {
  expect(read(text)).toBe(value);
});

test.each([
  ["-1", natural],
  ["1.5", natural],
  ["", natural],
  ["1e3", natural],
  ["0", positive],
  ["", number],
  [" ", number],
  ["abc", number],
  ["Infinity", number],
  ["NaN", number],
  ["0", seconds],
  ["-1", seconds],
  ["", seconds],
  ["s", seconds],
  ["0s", seconds],
  ["-2s", seconds],
  ["2 s", seconds],
  ["2d", seconds],
  ["1.2.3s", seconds],
  ["Infinity", seconds],
  ["65536", port],
  ["abc", port],
  ["-1", port],
  ["80.5", port],
  ["0x50", port],
])("%j is refused by %o", (text, read) => {
  expect(() => read(text)).toThrow(InvalidArgumentError);
});

test("a port that passes can be listened at, whatever was typed", () => {
  const read = (text: string) => {
    try {
      return port(text);
    } catch {
      return null; // Refused.
    }
  };
  fc.assert(
    fc.property(fc.oneof(fc.string(), fc.integer().map(String)), (text) => {
      const value = read(text);
      expect(value === null || (Number.isInteger(value) && value >= 0 && value <= 65_535)).toBe(true);
    }),
  );
});
