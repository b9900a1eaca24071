import { promisify } from "node:util";
import { brotliDecompress, gunzip, inflate, zstdDecompress } from "node:zlib";

const decoders = {
  gzip: promisify(gunzip),
  "x-gzip": promisify(gunzip),
  deflate: promisify(inflate),
  br: promisify(brotliDecompress),
  zstd: promisify(zstdDecompress),
};
type Encoding = keyof typeof decoders;

const isKnown = (name: string): name is Encoding => Object.hasOwn(decoders, name);

/** What an answer may be once it is decoded: a small body can hold gigabytes. */
const bytesMax = 256 << 20;

/**
 * A body as its sender meant it. Some servers and gateways encode an answer though nobody asked for it, and clients in
 * other languages decode it without a word.
 *
 * @param encoding its `content-encoding`; an unknown one leaves the body as it is
 */
export async function decoded(body: Buffer, encoding: string | undefined): Promise<Buffer> {
  let decodedBody = body;
  const names = (encoding ?? "").split(",").map((name) => name.trim().toLowerCase());
  for (const name of names.toReversed()) {
    if (isKnown(name)) decodedBody = await decoders[name](decodedBody, { maxOutputLength: bytesMax });
  }
  return decodedBody;
}
