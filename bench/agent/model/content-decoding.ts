import { promisify } from "node:util";
import { brotliDecompress, gunzip, inflate, zstdDecompress } from "node:zlib";
import { BodyTooLongError, modelAnswerBytesMax } from "../../host/bounded-body.ts";

const decoders = {
  gzip: promisify(gunzip),
  "x-gzip": promisify(gunzip),
  deflate: promisify(inflate),
  br: promisify(brotliDecompress),
  zstd: promisify(zstdDecompress),
};
type Encoding = keyof typeof decoders;

const isKnown = (name: string): name is Encoding => Object.hasOwn(decoders, name);

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
    if (isKnown(name)) decodedBody = await decodedBy(decoders[name], decodedBody);
  }
  return decodedBody;
}

/** A small body can hold gigabytes. @throws {BodyTooLongError} */
async function decodedBy(decode: (typeof decoders)[Encoding], body: Buffer): Promise<Buffer> {
  try {
    return await decode(body, { maxOutputLength: modelAnswerBytesMax });
  } catch (thrown) {
    const isTooLong = thrown instanceof Error && "code" in thrown && thrown.code === "ERR_BUFFER_TOO_LARGE";
    throw isTooLong ? new BodyTooLongError(modelAnswerBytesMax) : thrown;
  }
}
