import type { IncomingMessage } from "node:http";
import { z } from "zod";
import { DialectError } from "./dialect-error.ts";
import { requestText } from "./request-text.ts";

const bytesMax = 1 << 20;

/**
 * Reads the body of a control request.
 * @throws {DialectError} 400 for what is not JSON, 413 for what is too long, 422 for the wrong shape
 */
export async function requestJson<Shape>(request: IncomingMessage, schema: z.ZodType<Shape>): Promise<Shape> {
  const shape = schema.safeParse(parse(await requestText(request, bytesMax)));
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
