import { expect, test } from "vitest";
import { readProcessorTime, stolenShare } from "../../bench/measure/stolen-time.ts";

test("stolen time is the eighth number of the first line, and guests' time is not counted twice", () => {
  const before = readProcessorTime(() => "cpu  100 0 50 800 10 0 5 35 7 0\ncpu0 1 2 3\n");
  expect(before).toEqual({ total: 1000, stolen: 35 });
  const after = readProcessorTime(() => "cpu  150 0 50 830 10 0 5 55 90 0\n");
  expect(stolenShare(before, after)).toBeCloseTo(0.2, 12);
});

test("what nobody knows is not zero", () => {
  const known = { total: 10, stolen: 1 };
  expect(stolenShare(null, known)).toBeNull();
  expect(stolenShare(known, known)).toBeNull();
  for (const text of ["", "cpu  1 2 3 4\n", "intr 1 2 3 4 5 6 7 8 9\n", "cpu  1 2 3 4 5 6 7 x\n"])
    expect(readProcessorTime(() => text)).toBeNull();
  const absent = () => {
    throw new Error("ENOENT");
  };
  expect(readProcessorTime(absent)).toBeNull();
});

test("this machine tells, where it is Linux", () => {
  expect(readProcessorTime() !== null).toBe(process.platform === "linux");
});
