import type { IncomingMessage, ServerResponse } from "node:http";
import { gzipSync } from "node:zlib";
import type { z } from "zod";
import { messageOf } from "../../errors.ts";

const bodyBytesMax = 64 * 1024 * 1024;

/**
 * Who refused, which decides the `type` of SGLang's flat form: the server's own check, the reading of the request's JSON and
 * types, or an exception while the prompt was made.
 */
export type RefusedBy = "check" | "schema" | "exception";

const errorTypes = { check: "BadRequestError", schema: "Bad Request", exception: "BadRequest" } as const;

/** An answer other than 200. Boundary between handlers and HTTP. */
export class ApiError extends Error {
  readonly status: number;
  readonly by: RefusedBy;

  constructor(status: number, message: string, by: RefusedBy = "check") {
    super(message);
    this.status = status;
    this.by = by;
  }

  /** SGLang's flat form, which its OpenAI endpoints have. */
  send(response: ServerResponse): void {
    const { status, message } = this;
    const type = status >= 500 ? "InternalServerError" : errorTypes[this.by];
    sendJson(response, status, { object: "error", message, type, param: null, code: status });
  }
}

/** The form of `/generate`: what the engine refuses is nested, or a bare text where the exception is caught by nobody. */
export class NativeError extends ApiError {
  readonly #body: unknown;

  constructor(status: number, message: string, body: unknown = { error: { message } }) {
    super(status, message);
    this.#body = body;
  }

  override send(response: ServerResponse): void {
    if (typeof this.#body !== "string") return sendJson(response, this.status, this.#body);
    send(response, { status: this.status, contentType: "text/plain; charset=utf-8", body: this.#body });
  }
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
      validationText([`'msg': 'JSON decode error', 'ctx': ${messageOf(cause)}`]),
      "schema",
    );
  }
  const parsed = schema.safeParse(json);
  if (parsed.success) return parsed.data;
  const issues = parsed.error.issues.map(
    ({ path, message }) => `'loc': (${["body", ...path].map(pythonWord).join(", ")}), 'msg': '${message}'`,
  );
  throw new ApiError(400, validationText(issues), "schema");
}

/** In the layout of the original, whose text also names the types of pydantic, the input and a file of its server. */
function validationText(issues: readonly string[]): string {
  const title = `${issues.length} validation error${issues.length === 1 ? "" : "s"}:`;
  return [title, ...issues.map((issue) => `  {${issue}}`)].join("\n");
}

function pythonWord(word: PropertyKey): string {
  return typeof word === "number" ? String(word) : `'${String(word)}'`;
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
  }: { readonly status: number; readonly contentType: string | null; readonly body: string },
): void {
  const bytes = Buffer.from(body);
  const type = contentType === null ? {} : { "content-type": contentType };
  response.writeHead(status, { ...type, "content-length": bytes.length });
  response.end(bytes);
}

/** A text without a media type, as SGLang's plain responses are. */
export function sendBare(response: ServerResponse, status: number, body: string): void {
  send(response, { status, contentType: null, body });
}

/**
 * Hands what was written of a stream to the kernel now. Left alone Node does so when the turn of the loop ends, and one
 * turn serves a whole batch: the stamps of its first requests would be earlier than their bytes by all the others' work.
 */
export function flushWritten(response: ServerResponse): void {
  response.socket?.uncork();
}

/** From the last event of a stream to the end of its body. */
const terminatorDelayMs = 4;

/**
 * Ends an event stream as uvicorn does: the client has `[DONE]` some milliseconds before the body ends, and may be gone by
 * then.
 */
export function endStream(response: ServerResponse): void {
  response.write("data: [DONE]\n\n");
  flushWritten(response);
  setTimeout(() => response.end(), terminatorDelayMs);
}

/** Sends a page, of unstated length as the original does, compressed when the client takes gzip. */
export function sendPage(
  request: IncomingMessage,
  response: ServerResponse,
  page: { readonly contentType: string; readonly body: string },
): void {
  const isPacked = (request.headers["accept-encoding"] ?? "").includes("gzip");
  const encoding = isPacked ? { "content-encoding": "gzip" } : {};
  response.writeHead(200, { "content-type": page.contentType, ...encoding });
  response.write(isPacked ? gzipSync(page.body) : page.body);
  response.end();
}

/** The request's `x-tollgate-*` headers. */
export function identityHeaders(request: IncomingMessage): Record<string, string> {
  return Object.fromEntries(
    Object.entries(request.headers).flatMap(([name, value]) =>
      name.startsWith("x-tollgate-") && typeof value === "string" ? [[name, value]] : [],
    ),
  );
}
