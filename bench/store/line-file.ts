import { createReadStream } from "node:fs";
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

async function* chunksOf(path: string): AsyncGenerator<Buffer> {
  const file = createReadStream(path, { highWaterMark: 1 << 18 });
  try {
    // Errors of either stream end the iteration of the decompressor, which is where they are thrown.
    yield* path.endsWith(".zst") ? pipeline(file, createZstdDecompress(), () => undefined) : file;
  } catch (thrown) {
    throw decompressionError(path, thrown);
  }
}

/** Of a compressed file that was cut or damaged, an error that names it; anything else is returned as it is. */
export function decompressionError(path: string, thrown: unknown): unknown {
  const code = thrown instanceof Error && "code" in thrown ? String(thrown.code) : "";
  if (!/^(Z|ZSTD)_/.test(code)) return thrown;
  return new RunUnreadableError(
    `${path} cannot be decompressed: ${messageOf(thrown)}. It was cut or damaged; restore it from a copy of the run.`,
    { cause: thrown },
  );
}
