import { expect, test } from "vitest";
import { undisturbed } from "../../bench/selftest/undisturbed.ts";

/** A machine from which so many of a hundred ticks are stolen in each measurement in turn. */
function stealing(ticks: readonly (number | null)[]) {
  let [readings, total, stolen] = [0, 0, 0];
  return () => {
    const taken = ticks[Math.floor(readings / 2)] ?? 0;
    if (readings % 2 === 1) {
      total += 100;
      stolen += taken;
    }
    readings += 1;
    return ticks[0] === null ? null : { total, stolen };
  };
}

const run = (
  ticks: readonly (number | null)[],
  times = 2,
  announce: (line: string) => void = () => undefined,
) =>
  undisturbed(
    { processors: stealing(ticks), pauseMs: 0, announce },
    { times, acceptedStolenShare: 0.01 },
    async (at: number) => at,
  );

test.each([
  ["nothing stolen: as many as planned", [0, 0, 9], { kept: [0, 1], repeated: 0 }],
  ["what is disturbed is measured again", [0, 5, 1], { kept: [0, 2], repeated: 1 }],
  [
    "never at rest: the least disturbed ones, in their order",
    [9, 2, 7, 5, 3, 8],
    { kept: [1, 4], repeated: 4 },
  ],
  ["equally disturbed: the first", [4, 4, 4, 4, 4, 4], { kept: [0, 1], repeated: 4 }],
  ["one of them sound: it is kept", [9, 8, 7, 6, 0, 5], { kept: [4, 5], repeated: 4 }],
  ["nobody can tell: everything counts", [null], { kept: [0, 1], repeated: 0 }],
])("%s", async (_name, ticks, expected) => {
  expect(await run(ticks)).toEqual(expected);
});

test("who waits is told why it takes long", async () => {
  const lines: string[] = [];
  await run([...Array.from({ length: 12 }, () => 5), 0, 0, 0, 0, 0], 5, (line) => lines.push(line));
  expect(lines).toEqual([
    "  the hypervisor took the processors from 10 of 10 measurements: they are repeated",
  ]);
});
