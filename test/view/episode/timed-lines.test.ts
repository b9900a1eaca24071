import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import * as fc from "fast-check";
import { afterAll, beforeAll, expect, test } from "vitest";
import { z } from "zod";
import { readChosenLines } from "../../../bench/view/episode/chosen-lines.ts";
import { linesEndedWithin } from "../../../bench/view/episode/timed-lines.ts";

let scratch: string;
beforeAll(async () => {
  scratch = await mkdtemp(join(tmpdir(), "tollgate-timed-"));
});
afterAll(() => rm(scratch, { recursive: true, force: true }));

const second = 1e9;
const lineSchema = z.object({ attempt: z.string(), endedNs: z.number() });

/** A line for each moment in seconds; every tenth is long, one is longer than what is read at once. */
async function written(name: string, seconds: readonly number[]): Promise<string> {
  const path = join(scratch, name);
  const lines = seconds.map((at, index) =>
    JSON.stringify({
      attempt: `a${Math.floor(index / 10)}-s0`,
      chunks: "x".repeat(index === 12_345 ? 300_000 : index % 10 === 0 ? 1000 : 40),
      endedNs: Math.round(at * second),
    }),
  );
  await writeFile(path, `${lines.join("\n")}\n`);
  return path;
}

/** In order but for two seconds, as taps write what ended at once. */
const nearlyOrdered = Array.from({ length: 40_000 }, (_, at) => at * 0.1 + ((at * 7919) % 20) / 10);

/** Lines of an attempt by both ways: near its time, and by reading all. */
async function bothWays(
  path: string,
  attempt: number,
  around: { readonly from: number; readonly to: number },
) {
  const needle = `"a${attempt}-s0"`;
  const choose = (bytes: Buffer) => bytes.includes(needle);
  const span = { startedNs: around.from * second, endedNs: around.to * second };
  const near = await readChosenLines(path, lineSchema, { choose, warnings: [], near: { span, least: 10 } });
  return { near, all: await readChosenLines(path, lineSchema, { choose, warnings: [] }) };
}

test("lines near their time are those that reading all gives, wherever they stand", async () => {
  const path = await written("ordered.ndjson", nearlyOrdered);
  await fc.assert(
    fc.asyncProperty(fc.oneof(fc.constantFrom(0, 1, 1234, 3998, 3999), fc.nat(3999)), async (attempt) => {
      const { near, all } = await bothWays(path, attempt, { from: attempt, to: attempt + 3 });
      expect(near).toEqual(all);
      expect(near).toHaveLength(10);
    }),
    { numRuns: 25 },
  );
  const lines = await linesEndedWithin(path, { startedNs: 2000 * second, endedNs: 2003 * second });
  expect(lines?.length).toBeLessThan(2_000);
});

test("where the time is wrong, or the file in another order, all of it is read", async () => {
  const ordered = await written("wrong-time.ndjson", nearlyOrdered);
  const { near, all } = await bothWays(ordered, 2000, { from: 10, to: 13 });
  expect(near).toEqual(all);
  const backwards = await written("backwards.ndjson", nearlyOrdered.toReversed());
  const found = await bothWays(backwards, 2000, { from: 2000, to: 2003 });
  expect(found.near).toEqual(found.all);
  expect(found.near).toHaveLength(10);
});

test("a file that is small, compressed or without times is not searched by time", async () => {
  expect(
    await linesEndedWithin(await written("small.ndjson", [1, 2]), { startedNs: 0, endedNs: 1 }),
  ).toBeNull();
  expect(await linesEndedWithin("any.ndjson.zst", { startedNs: 0, endedNs: 1 })).toBeNull();
  const path = join(scratch, "timeless.ndjson");
  await writeFile(path, `${JSON.stringify({ attempt: "x".repeat(100) })}\n`.repeat(50_000));
  expect(await linesEndedWithin(path, { startedNs: 0, endedNs: 1 })).toBeNull();
});
