import { open, type FileHandle } from "node:fs/promises";
import type { Span } from "../../evidence/episode-stamps.ts";

/** Smaller files are read whole. */
const bisectedFrom = 4 << 20;
const block = 1 << 16;
/** A longer line is not one of times. */
const lineMax = 32 << 20;
/** Taps and tools write what has ended at once, so lines are out of order by milliseconds. */
const disorderNs = 5e9;

/**
 * The lines of a file of exchanges or tools that ended within a stretch of time, found by bisection: such a file is in the order of
 * `endedNs`, and that of a large run has a gigabyte. null where that cannot be done: the file is small, or not in that order there.
 */
export async function linesEndedWithin(path: string, { startedNs, endedNs }: Span): Promise<Buffer[] | null> {
  if (path.endsWith(".zst")) return null;
  await using file = await open(path);
  const { size } = await file.stat();
  if (size < bisectedFrom) return null;
  const from = await firstEndedAfter(file, size, startedNs - disorderNs);
  if (from === null) return null;
  const found: Buffer[] = [];
  let latestNs = -Infinity;
  for await (const line of linesFrom(file, from)) {
    const atNs = endOf(line);
    if (atNs === null || atNs < latestNs - disorderNs) return null;
    latestNs = Math.max(latestNs, atNs);
    if (atNs > endedNs + disorderNs) return found;
    found.push(line);
  }
  return found;
}

/** Where a line begins before which all ended earlier, at most a block too early; null where a line does not say when it ended. */
async function firstEndedAfter(file: FileHandle, size: number, atNs: number): Promise<number | null> {
  let [low, high] = [0, size];
  while (high - low > block) {
    const middle = (low + high) >>> 1;
    const next = await lineFrom(file, middle);
    // No line begins behind it.
    if (next === null) {
      high = middle;
      continue;
    }
    const endedNs = endOf(next);
    if (endedNs === null) return null;
    if (endedNs < atNs) low = middle;
    else high = middle;
  }
  return low;
}

/** The first whole line that begins behind a byte; at 0 the first of the file. */
async function lineFrom(file: FileHandle, at: number): Promise<Buffer | null> {
  for await (const line of linesFrom(file, at)) return line;
  return null;
}

const newline = 0x0a;

/** Whole lines: what stands before the first newline behind `at` is left out, and so is a torn last one. */
async function* linesFrom(file: FileHandle, at: number): AsyncGenerator<Buffer> {
  let position = at;
  let pending: Buffer = Buffer.alloc(0);
  let begun = at === 0;
  for (;;) {
    const bytes = Buffer.allocUnsafe(block);
    const { bytesRead } = await file.read(bytes, 0, block, position);
    if (bytesRead === 0 || pending.length > lineMax) return;
    position += bytesRead;
    const text = Buffer.concat([pending, bytes.subarray(0, bytesRead)]);
    let from = 0;
    for (let end = text.indexOf(newline); end !== -1; end = text.indexOf(newline, from)) {
      if (begun) yield text.subarray(from, end);
      begun = true;
      from = end + 1;
    }
    pending = text.subarray(from);
  }
}

/** By its text: to parse a line takes fifty times as long. */
function endOf(line: Buffer): number | null {
  const found = /"endedNs":(\d+(?:\.\d+)?(?:e\+?\d+)?)/.exec(line.toString("latin1"));
  return found === null ? null : Number(found[1]);
}
