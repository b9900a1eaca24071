import type { IncomingMessage, ServerResponse } from "node:http";
import type { z } from "zod";
import { messageOf } from "../../../errors.ts";

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
  let json: unknown;
  try {
    json = JSON.parse(Buffer.concat(chunks).toString("utf8"));
  } catch (cause) {
    throw new TrainerApiError(422, [
      {
        type: "json_invalid",
        loc: ["body", 0],
        msg: "JSON decode error",
        input: {},
        ctx: { error: messageOf(cause) },
      },
    ]);
  }
  const parsed = schema.safeParse(json);
  if (parsed.success) return parsed.data;
  throw new TrainerApiError(
    422,
    parsed.error.issues.map((issue) => flawOf(issue, json)),
  );
}

function flawOf(issue: z.core.$ZodIssue, body: unknown): Record<string, unknown> {
  const loc = ["body", ...issue.path];
  const input = issue.path.reduce<unknown>(
    (value, key) => (value === null || typeof value !== "object" ? undefined : Reflect.get(value, key)),
    body,
  );
  if (input === undefined) {
    const within = issue.path
      .slice(0, -1)
      .reduce<unknown>(
        (value, key) => (value === null || typeof value !== "object" ? undefined : Reflect.get(value, key)),
        body,
      );
    return { type: "missing", loc, msg: "Field required", input: within };
  }
  if (issue.code === "too_small" || issue.code === "too_big") return rangeFlaw(issue, { loc, input });
  if (issue.code === "invalid_type")
    return { type: `${issue.expected}_type`, loc, msg: `Input should be a valid ${issue.expected}`, input };
  return { type: "value_error", loc, msg: issue.message, input };
}

function rangeFlaw(
  issue: z.core.$ZodIssueTooSmall | z.core.$ZodIssueTooBig,
  { loc, input }: { readonly loc: readonly PropertyKey[]; readonly input: unknown },
): Record<string, unknown> {
  const isSmall = issue.code === "too_small";
  const limit = isSmall ? issue.minimum : issue.maximum;
  if (typeof input === "string")
    return {
      type: "string_too_short",
      loc,
      msg: `String should have at least ${limit} character`,
      input,
      ctx: { min_length: limit },
    };
  if (Array.isArray(input))
    return {
      type: "too_short",
      loc,
      msg: `List should have at least ${limit} item after validation, not ${input.length}`,
      input,
      ctx: { field_type: "List", min_length: limit, actual_length: input.length },
    };
  const [type, word, key] = isSmall
    ? (["greater_than_equal", "greater", "ge"] as const)
    : (["less_than_equal", "less", "le"] as const);
  return {
    type,
    loc,
    msg: `Input should be ${word} than or equal to ${limit}`,
    input,
    ctx: { [key]: limit },
  };
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
