import type { IncomingMessage, ServerResponse } from "node:http";
import { gzipSync } from "node:zlib";
import type { z } from "zod";

const bodyBytesMax = 64 * 1024 * 1024;

/** An answer other than 200, in SGLang's flat form. Boundary between handlers and HTTP. */
export class ApiError extends Error {
  readonly status: number;

  constructor(status: number, message: string) {
    super(message);
    this.status = status;
  }

  get type(): string {
    return this.status >= 500 ? "InternalServerError" : "BadRequestError";
  }
}

export function errorBody(error: ApiError): Record<string, unknown> {
  return { object: "error", message: error.message, type: error.type, param: null, code: error.status };
}

/** Reads and checks a JSON body; fields that the schema does not name are dropped. @throws ApiError 400 */
export async function readBody<T>(request: IncomingMessage, schema: z.ZodType<T>): Promise<T> {
  const chunks: Buffer[] = [];
  let bytes = 0;
  for await (const chunk of request as AsyncIterable<Buffer>) {
    bytes += chunk.length;
    if (bytes > bodyBytesMax) throw new ApiError(413, `The body is longer than ${bodyBytesMax} bytes.`);
    chunks.push(chunk);
  }
  let json: unknown;
  try {
    json = JSON.parse(Buffer.concat(chunks).toString("utf8"));
  } catch (cause) {
    throw new ApiError(
      400,
      `The body is not JSON: ${cause instanceof Error ? cause.message : String(cause)}`,
    );
  }
  const parsed = schema.safeParse(json);
  if (parsed.success) return parsed.data;
  const issues = parsed.error.issues.map(({ path, message }) => `${path.join(".") || "body"}: ${message}`);
  throw new ApiError(400, `The request is not valid: ${issues.join("; ")}`);
}

export function sendJson(response: ServerResponse, status: number, body: unknown): void {
  send(response, { status, contentType: "application/json", body: JSON.stringify(body) });
}

export function send(
  response: ServerResponse,
  {
    status,
    contentType,
    body,
  }: { readonly status: number; readonly contentType: string; readonly body: string },
): void {
  const bytes = Buffer.from(body);
  response.writeHead(status, { "content-type": contentType, "content-length": bytes.length });
  response.end(bytes);
}

/**
 * Hands what was written of a stream to the kernel now. Left alone Node does so when the turn of the loop ends, and one
 * turn serves a whole batch: the stamps of its first requests would be earlier than their bytes by all the others' work.
 */
export function flushWritten(response: ServerResponse): void {
  response.socket?.uncork();
}

/** Sends a page compressed when the client takes gzip. */
export function sendPage(
  request: IncomingMessage,
  response: ServerResponse,
  page: { readonly contentType: string; readonly body: string },
): void {
  if (!(request.headers["accept-encoding"] ?? "").includes("gzip")) {
    send(response, { status: 200, ...page });
    return;
  }
  const bytes = gzipSync(page.body);
  response.writeHead(200, {
    "content-type": page.contentType,
    "content-encoding": "gzip",
    "content-length": bytes.length,
  });
  response.end(bytes);
}

/** The request's `x-tollgate-*` headers. */
export function identityHeaders(request: IncomingMessage): Record<string, string> {
  return Object.fromEntries(
    Object.entries(request.headers).flatMap(([name, value]) =>
      name.startsWith("x-tollgate-") && typeof value === "string" ? [[name, value]] : [],
    ),
  );
}
