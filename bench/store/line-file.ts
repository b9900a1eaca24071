import { createReadStream } from "node:fs";
import { stat } from "node:fs/promises";
import { pipeline } from "node:stream";
import { createZstdDecompress } from "node:zlib";
import { messageOf, RunUnreadableError } from "../errors.ts";

/** One line of a file without its newline. */
export interface Line {
  /** 1-based. */
  readonly number: number;
  readonly bytes: Buffer;
  /** Offset of the line's first byte (after decompression). */
  readonly startByte: number;
  /** Offset behind the line and its newline. */
  readonly endByte: number;
  /** False for a last line that its writer did not finish. */
  readonly terminated: boolean;
}

const newline = 0x0a;

/** Lines as they come off the disk, many at a time. */
export interface LineBlock {
  /** Whole lines with their newlines; only the last block of a file may end within a line. */
  readonly bytes: Buffer;
  /** Offset of its first byte in the file (after decompression). */
  readonly startByte: number;
}

/**
 * A file in blocks of whole lines, from the line on that begins at a byte; `.zst` files are decompressed, and begin at 0. A block is as
 * long as what one read brings, or as the longest line.
 * @throws {RunUnreadableError} for what is no file, and for a line that is longer than `lineBytesMax`
 */
export async function* readLineBlocks(
  path: string,
  fromByte = 0,
  lineBytesMax = Infinity,
): AsyncGenerator<LineBlock> {
  let pending: Buffer[] = [];
  let pendingBytes = 0;
  let startByte = fromByte;
  for await (const chunk of chunksOf(path, fromByte)) {
    const end = chunk.lastIndexOf(newline) + 1;
    pending.push(end === 0 ? chunk : chunk.subarray(0, end));
    pendingBytes += chunk.length;
    if (pendingBytes > lineBytesMax + chunk.length)
      throw new RunUnreadableError(
        `${path} cannot be read on from byte ${startByte}: a line there has more than ${lineBytesMax} bytes. Restore the file from a copy.`,
      );
    if (end === 0) continue;
    const bytes = joined(pending);
    yield { bytes, startByte };
    startByte += bytes.length;
    pending = end < chunk.length ? [chunk.subarray(end)] : [];
    pendingBytes = chunk.length - end;
  }
  const bytes = joined(pending);
  if (bytes.length > 0) yield { bytes, startByte };
}

function joined(chunks: readonly Buffer[]): Buffer {
  const [only, ...more] = chunks;
  return only !== undefined && more.length === 0 ? only : Buffer.concat(chunks);
}

/** The lines of a block, the first of which has this number. */
export function* linesIn({ bytes, startByte }: LineBlock, firstNumber: number): Generator<Line> {
  let number = firstNumber;
  for (let from = 0; from < bytes.length; number += 1) {
    const at = bytes.indexOf(newline, from);
    const terminated = at !== -1;
    const end = terminated ? at : bytes.length;
    const behind = terminated ? at + 1 : bytes.length;
    yield {
      number,
      bytes: bytes.subarray(from, end),
      startByte: startByte + from,
      endByte: startByte + behind,
      terminated,
    };
    from = behind;
  }
}

/** The lines of a file in constant memory; `.zst` files are decompressed. Memory is bounded by the longest line. Throws as above. */
export async function* readLines(path: string, lineBytesMax = Infinity): AsyncGenerator<Line> {
  let number = 1;
  for await (const block of readLineBlocks(path, 0, lineBytesMax)) {
    for (const line of linesIn(block, number)) {
      yield line;
      number += 1;
    }
  }
}

async function* chunksOf(path: string, fromByte: number): AsyncGenerator<Buffer> {
  // A pipe would be waited for until somebody writes to it.
  if (!(await stat(path)).isFile())
    throw new RunUnreadableError(`${path} cannot be read: it is no file. Restore it from a copy of the run.`);
  const file = createReadStream(path, { highWaterMark: 1 << 18, start: fromByte });
  try {
    // Errors of either stream end the iteration of the decompressor, which is where they are thrown.
    yield* path.endsWith(".zst") ? pipeline(file, createZstdDecompress(), () => undefined) : file;
  } catch (thrown) {
    throw readingError(path, thrown);
  }
}

/** Of a file that cannot be read, or was cut or damaged, an error that names it; anything else is returned as it is. */
export function readingError(path: string, thrown: unknown): unknown {
  const code = thrown instanceof Error && "code" in thrown ? String(thrown.code) : "";
  // A file that is not there is its reader's own question.
  if (/^E[A-Z]+$/.test(code) && code !== "ENOENT")
    return new RunUnreadableError(
      `${path} cannot be read: ${messageOf(thrown)}. Check the file and its disk, or restore it from a copy of the run.`,
      { cause: thrown },
    );
  if (!/^(Z|ZSTD)_/.test(code)) return thrown;
  return new RunUnreadableError(
    `${path} cannot be decompressed: ${messageOf(thrown)}. It was cut or damaged; restore it from a copy of the run.`,
    { cause: thrown },
  );
}
