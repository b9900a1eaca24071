import {
  brotliCompressSync,
  constants,
  createGzip,
  deflateRawSync,
  deflateSync,
  gzipSync,
  zstdCompressSync,
} from "node:zlib";
import { expect, test } from "vitest";
import { decodeBody as decodeUpTo } from "../../bench/tap/content-decoding.ts";

const decodeBody = (chunks: readonly Buffer[], encoding: string | null) =>
  decodeUpTo(chunks, { encoding, bytesMax: 1 << 20 });

const text = "the quick brown fox ".repeat(50);
const cutUp = (bytes: Buffer) => [bytes.subarray(0, 10), bytes.subarray(10, 11), bytes.subarray(11)];

const encoders: readonly (readonly [string, (bytes: Buffer) => Buffer])[] = [
  ["gzip", gzipSync],
  ["deflate", deflateSync],
  ["deflate", deflateRawSync],
  ["br", brotliCompressSync],
  ["zstd", zstdCompressSync],
  ["identity", (bytes) => bytes],
];
test.each(encoders)("decodes %s however it is cut up", async (encoding, encode) => {
  const decoded = await decodeBody(cutUp(encode(Buffer.from(text))), encoding);
  expect([decoded.body.toString(), decoded.chunkEnds.at(-1), decoded.error]).toEqual([
    text,
    text.length,
    null,
  ]);
  expect(decoded.chunkEnds).toHaveLength(3);
});

test("a stream that its sender flushed is told apart chunk by chunk", async () => {
  const gzip = createGzip();
  const chunks: Buffer[] = [];
  for (const event of ["data: 1\n\n", "data: 22\n\n"]) {
    gzip.write(event);
    await new Promise<void>((resolve) => gzip.flush(constants.Z_SYNC_FLUSH, () => resolve()));
    chunks.push(gzip.read() as Buffer);
  }
  const ended = new Promise((resolve) => gzip.once("end", resolve));
  gzip.end();
  gzip.on("data", (last: Buffer) => chunks.push(last));
  await ended;
  const { chunkEnds, error } = await decodeBody(chunks, "gzip");
  expect([chunkEnds.slice(0, 2), error]).toEqual([[9, 19], null]);
});

test("what was cut or is no such encoding is kept as far as it goes, with the reason", async () => {
  const cut = await decodeBody([gzipSync(text).subarray(0, -8)], "gzip");
  expect(text.startsWith(cut.body.toString())).toBe(true);
  expect(cut.error).toMatch(/^cannot decode gzip: /);
  expect(cut.chunkEnds).toEqual([cut.body.length]);
  const garbage = await decodeBody([Buffer.from("abc"), Buffer.from("def")], "gzip");
  expect(garbage).toEqual({
    body: Buffer.from("abcdef"),
    chunkEnds: [3, 6],
    error: "cannot decode gzip: incorrect header check",
  });
  const bomb = await decodeUpTo([gzipSync(Buffer.alloc(1 << 20))], { encoding: "gzip", bytesMax: 1_000 });
  expect(bomb.error).toBe("cannot decode gzip: more than 1000 bytes");
  expect(await decodeBody([Buffer.from("abc")], "rot13")).toEqual({
    body: Buffer.from("abc"),
    chunkEnds: [3],
    error: "unknown content-encoding rot13",
  });
});

test.each(["gzip", "br", "zstd", "deflate", null, " IDENTITY ", ""])(
  "an answer without a body in the encoding %j is an empty body, not a decoding error",
  async (encoding) => {
    expect(await decodeBody([], encoding)).toEqual({ body: Buffer.alloc(0), chunkEnds: [], error: null });
  },
);

test.each(encoders)(
  "%s cut anywhere: a beginning of the text is kept, and each chunk has its end",
  async (encoding, encode) => {
    const bytes = encode(Buffer.from(text));
    for (let length = 1; length < bytes.length; length += Math.ceil(bytes.length / 12)) {
      const chunks = [bytes.subarray(0, length >> 1), bytes.subarray(length >> 1, length)];
      const { body, chunkEnds, error } = await decodeBody(chunks, encoding);
      expect(text.startsWith(body.toString())).toBe(true);
      expect([chunkEnds.length, chunkEnds.at(-1)]).toEqual([2, body.length]);
      expect(error === null).toBe(encoding === "identity");
    }
  },
);
