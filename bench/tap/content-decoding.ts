import type { Transform } from "node:stream";
import {
  createBrotliDecompress,
  createGunzip,
  createInflate,
  createInflateRaw,
  createZstdDecompress,
} from "node:zlib";

/** A body as its sender meant it. */
export interface DecodedBody {
  readonly body: Buffer;
  /** Length of the decoded body behind each chunk of the encoded one. */
  readonly chunkEnds: readonly number[];
  /** Why decoding stopped early; null when it did not. */
  readonly error: string | null;
}

const decoders: Readonly<Record<string, () => Transform>> = {
  gzip: createGunzip,
  "x-gzip": createGunzip,
  deflate: createInflate,
  br: createBrotliDecompress,
  zstd: createZstdDecompress,
};

/** What zlib says of bytes that do not begin as the encoding does. */
const noHead = /incorrect header check|unknown frame/i;

/**
 * Decodes a response body chunk by chunk, so that a token can still be found in the chunk that carried it. A body that is
 * not encoded although its head says so is read as it is, with the error.
 *
 * @param options.bytesMax the decoded length that is held at most
 */
export async function decodeBody(
  chunks: readonly Buffer[],
  { encoding, bytesMax }: { readonly encoding: string | null; readonly bytesMax: number },
): Promise<DecodedBody> {
  const name = encoding?.trim().toLowerCase() ?? "identity";
  // An answer to HEAD, and a 204 or 304, may name the encoding of a body that it does not have.
  if (name === "identity" || name === "" || chunks.length === 0) return plain(chunks, null);
  // Many servers leave the zlib head of `deflate` out.
  const [first = 8] = chunks.find(({ length }) => length > 0) ?? [];
  const isRaw = name === "deflate" && (first & 0x0f) !== 8;
  const create = isRaw ? createInflateRaw : decoders[name];
  if (create === undefined) return plain(chunks, `unknown content-encoding ${name}`);
  const decoder = create();
  const parts: Buffer[] = [];
  let length = 0;
  // An error may come between two chunks, when nobody waits for one.
  decoder.on("error", () => undefined);
  decoder.on("data", (part: Buffer) => {
    parts.push(part);
    length += part.length;
    if (length > bytesMax) decoder.destroy(new Error(`more than ${bytesMax} bytes`));
  });
  const chunkEnds: number[] = [];
  try {
    for (const chunk of chunks) {
      await written(decoder, chunk);
      chunkEnds.push(length);
    }
    await finished(decoder);
  } catch (thrown) {
    // A stream that was cut ends in the middle of a block. What came before it is still worth reading.
    const error = `cannot decode ${name}: ${(thrown as Error).message}`;
    if (length === 0 && noHead.test(error)) return plain(chunks, error);
    return { body: Buffer.concat(parts), chunkEnds: filled(chunkEnds, chunks.length, length), error };
  }
  return {
    body: Buffer.concat(parts),
    chunkEnds: filled(chunkEnds.slice(0, -1), chunks.length, length),
    error: null,
  };
}

function plain(chunks: readonly Buffer[], error: string | null): DecodedBody {
  let length = 0;
  return { body: joined(chunks), chunkEnds: chunks.map((chunk) => (length += chunk.length)), error };
}

/** All bytes in one buffer, which is none of its own where there is only one. */
export function joined(chunks: readonly Buffer[]): Buffer {
  const [only] = chunks;
  return chunks.length === 1 && only !== undefined ? only : Buffer.concat(chunks);
}

/** The decoder may give out its last bytes only at the end; they came with the chunks that have no end yet. */
function filled(ends: readonly number[], count: number, length: number): number[] {
  return [...ends, ...Array.from({ length: count - ends.length }, () => length)];
}

function written(decoder: Transform, chunk: Buffer): Promise<void> {
  return new Promise((resolve, reject) => {
    if (decoder.errored !== null) return reject(decoder.errored);
    decoder.once("error", reject);
    decoder.write(chunk, (error) => {
      decoder.off("error", reject);
      if (error) reject(error);
      else resolve();
    });
  });
}

function finished(decoder: Transform): Promise<void> {
  return new Promise((resolve, reject) => {
    if (decoder.errored !== null) return reject(decoder.errored);
    decoder.once("error", reject).once("end", resolve);
    decoder.end();
  });
}
