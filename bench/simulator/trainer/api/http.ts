import type { IncomingMessage, ServerResponse } from "node:http";
import type { z } from "zod";
import { messageOf } from "../../../errors.ts";
import { flawOf } from "./request-flaws.ts";

const bodyBytesMax = 32 * 1024 * 1024;

export interface TrainerExchange {
  readonly request: IncomingMessage;
  readonly response: ServerResponse;
  readonly url: URL;
}

/** An answer other than 200, in the form of FastAPI: `{"detail": …}`. */
export class TrainerApiError extends Error {
  readonly status: number;
  readonly detail: unknown;

  constructor(status: number, detail: unknown) {
    super(typeof detail === "string" ? detail : JSON.stringify(detail));
    this.status = status;
    this.detail = detail;
  }

  send(response: ServerResponse): void {
    sendJson(response, this.status, { detail: this.detail });
  }
}

/** An exception that nothing of the service catches. */
export class Uncaught extends TrainerApiError {
  constructor() {
    super(500, "Internal Server Error");
  }

  override send(response: ServerResponse): void {
    sendText(response, 500, "Internal Server Error");
  }
}

/** @throws TrainerApiError 422, in the layout of pydantic */
export async function readBody<T>({ request }: TrainerExchange, schema: z.ZodType<T>): Promise<T> {
  const chunks: Buffer[] = [];
  let bytes = 0;
  for await (const chunk of request as AsyncIterable<Buffer>) {
    bytes += chunk.length;
    if (bytes > bodyBytesMax)
      throw new TrainerApiError(413, `The body is longer than ${bodyBytesMax} bytes.`);
    chunks.push(chunk);
  }
  const json = parsedBody(Buffer.concat(chunks).toString("utf8"));
  const parsed = schema.safeParse(json);
  if (parsed.success) return parsed.data;
  throw new TrainerApiError(
    422,
    parsed.error.issues.map((issue) => flawOf(issue, json)),
  );
}

function parsedBody(text: string): unknown {
  if (text === "")
    throw new TrainerApiError(422, [{ type: "missing", loc: ["body"], msg: "Field required", input: null }]);
  try {
    return JSON.parse(text);
  } catch (cause) {
    const error = messageOf(cause);
    const at = Number(/position (\d+)/u.exec(error)?.[1] ?? 0);
    throw new TrainerApiError(422, [
      { type: "json_invalid", loc: ["body", at], msg: "JSON decode error", input: {}, ctx: { error } },
    ]);
  }
}

export function sendJson(response: ServerResponse, status: number, body: unknown): void {
  sendBytes(response, status, { type: "application/json", bytes: Buffer.from(JSON.stringify(body)) });
}

export function sendText(response: ServerResponse, status: number, text: string): void {
  sendBytes(response, status, { type: "text/plain; charset=utf-8", bytes: Buffer.from(text) });
}

export function sendBytes(
  response: ServerResponse,
  status: number,
  { type, bytes }: { readonly type: string; readonly bytes: Buffer },
): void {
  response.writeHead(status, { "content-type": type, "content-length": bytes.length });
  response.end(bytes);
}
