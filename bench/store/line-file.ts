import { createReadStream } from "node:fs";
import { pipeline } from "node:stream";
import { createZstdDecompress } from "node:zlib";

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

/** The lines of a file in constant memory; `.zst` files are decompressed. Memory is bounded by the longest line. */
export async function* readLines(path: string): AsyncGenerator<Line> {
  let pending: Buffer[] = [];
  let number = 1;
  let startByte = 0;
  for await (const chunk of chunksOf(path)) {
    let from = 0;
    for (let at = chunk.indexOf(newline); at !== -1; at = chunk.indexOf(newline, from)) {
      pending.push(chunk.subarray(from, at));
      const bytes = Buffer.concat(pending);
      const endByte = startByte + bytes.length + 1;
      yield { number, bytes, startByte, endByte, terminated: true };
      pending = [];
      number += 1;
      startByte = endByte;
      from = at + 1;
    }
    if (from < chunk.length) pending.push(chunk.subarray(from));
  }
  const bytes = Buffer.concat(pending);
  if (bytes.length > 0) {
    yield { number, bytes, startByte, endByte: startByte + bytes.length, terminated: false };
  }
}

function chunksOf(path: string): AsyncIterable<Buffer> {
  const file = createReadStream(path, { highWaterMark: 1 << 18 });
  if (!path.endsWith(".zst")) return file;
  // Errors of either stream end the iteration of the decompressor, which is where they are thrown.
  return pipeline(file, createZstdDecompress(), () => undefined);
}
