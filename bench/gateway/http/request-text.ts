import type { IncomingMessage } from "node:http";
import { DialectError } from "./dialect-error.ts";

/** What is read and thrown away of a refused request, so that its client can finish sending and see the answer. */
const discardedBytesMax = 256 << 20;

/**
 * The body of a request.
 * @throws {DialectError} 413 when it is longer; the rest of it has not been read then
 */
export async function requestText(request: IncomingMessage, bytesMax: number): Promise<string> {
  const tooLong = bodyTooLong(bytesMax);
  if (Number(request.headers["content-length"] ?? 0) > bytesMax) throw tooLong;
  const parts: Buffer[] = [];
  let bytes = 0;
  // The request outlives the reading: a client whose socket is destroyed sees no answer.
  for await (const part of request.iterator({ destroyOnReturn: false }) as AsyncIterable<Buffer>) {
    bytes += part.length;
    if (bytes > bytesMax) throw tooLong;
    parts.push(part);
  }
  return Buffer.concat(parts).toString("utf8");
}

export function bodyTooLong(bytesMax: number): DialectError {
  return new DialectError(413, `Request body is longer than ${bytesMax} bytes`);
}

/** Reads on and forgets what comes; ends the connection of a client that does not stop. */
export function discardRest(request: IncomingMessage): void {
  if (request.complete) return;
  let bytes = 0;
  request.on("data", (part: Buffer) => {
    bytes += part.length;
    if (bytes > discardedBytesMax) request.destroy();
  });
  request.resume();
}
