/** An answer without an end, or one that is longer than anything its reader has a use for. */
export class BodyTooLongError extends Error {
  constructor(bytesMax: number) {
    super(`its answer is longer than ${bytesMax / 1024 / 1024} MiB`);
    this.name = "BodyTooLongError";
  }
}

/** Whether the message of an error is that of a `BodyTooLongError`, as a tap records it. */
export const saysTooLong = (message: string | null): boolean => /longer than \d+ MiB$/.test(message ?? "");

/**
 * Bytes of a model's answer, encoded or decoded, that anything of ours reads, passes on or keeps: forty times the longest ones. A stream
 * of 64,000 tokens with ids and log probabilities has 26 MB.
 */
export const modelAnswerBytesMax = 40 * 1024 * 1024;
/** Bytes of an answer that describes something or refuses: lists of models, errors, readiness. */
export const descriptionBytesMax = 8 * 1024 * 1024;

/**
 * The bytes of an answer's body. One that is longer is left, which closes its connection: memory follows what we allow, and not what
 * somebody sends. Nothing else reads a whole answer (a test looks for it).
 * @throws {BodyTooLongError}
 */
export async function boundedBody(body: AsyncIterable<Uint8Array>, bytesMax: number): Promise<Buffer> {
  const pieces: Uint8Array[] = [];
  let bytes = 0;
  for await (const piece of body) {
    bytes += piece.length;
    if (bytes > bytesMax) throw new BodyTooLongError(bytesMax);
    pieces.push(piece);
  }
  return Buffer.concat(pieces);
}

/** The same as text. @throws {BodyTooLongError} */
export async function boundedText(body: AsyncIterable<Uint8Array>, bytesMax: number): Promise<string> {
  return (await boundedBody(body, bytesMax)).toString("utf8");
}
