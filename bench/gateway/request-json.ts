import type { IncomingMessage } from "node:http";
import { z } from "zod";
import { DialectError } from "./dialect-error.ts";

const bytesMax = 1 << 20;

/**
 * Reads the body of a control request.
 * @throws {DialectError} 400 for what is not JSON, 413 for what is too long, 422 for the wrong shape
 */
export async function requestJson<Shape>(request: IncomingMessage, schema: z.ZodType<Shape>): Promise<Shape> {
  const parts: Buffer[] = [];
  let bytes = 0;
  for await (const part of request as AsyncIterable<Buffer>) {
    bytes += part.length;
    if (bytes > bytesMax) throw new DialectError(413, `Request body is longer than ${bytesMax} bytes`);
    parts.push(part);
  }
  const shape = schema.safeParse(parse(Buffer.concat(parts).toString("utf8")));
  if (!shape.success) throw new DialectError(422, z.prettifyError(shape.error));
  return shape.data;
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    throw new DialectError(400, "Invalid JSON body");
  }
}
