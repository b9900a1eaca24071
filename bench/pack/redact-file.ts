import { createWriteStream } from "node:fs";
import { open } from "node:fs/promises";
import { Readable } from "node:stream";
import { pipeline } from "node:stream/promises";
import { checkedZstd } from "../host/checked-zstd.ts";
import { readLines } from "../store/line-file.ts";
import { BodyBases } from "../tap/body-bases.ts";
import { applyDelta, deltaOf } from "../tap/body-delta.ts";
import { bodyLineSchema } from "../tap/body-line.ts";
import type { Redactor } from "./redaction.ts";

/** Copies a text file, compressed or not, without what must not be published. */
export async function redactFile(source: string, target: string, redactor: Redactor): Promise<void> {
  const lines = /(^|\/)bodies\.ndjson(\.zst)?$/.test(source)
    ? bodyLines(source, redactor)
    : textLines(source, redactor);
  const parts = [Readable.from(lines), ...(source.endsWith(".zst") ? [checkedZstd()] : [])];
  await pipeline([...parts, createWriteStream(target)]);
}

async function* textLines(source: string, redactor: Redactor): AsyncGenerator<string> {
  for await (const { bytes, terminated } of readLines(source))
    yield `${redactor.redact(bytes.toString("utf8"))}${terminated ? "\n" : ""}`;
}

/**
 * Requests are stored as differences that count characters, so they are made whole, changed, and stored again. A request whose id is
 * changed is no base any more: two such ids may have become the same.
 */
async function* bodyLines(source: string, redactor: Redactor): AsyncGenerator<string> {
  const bases = new BodyBases<{ readonly was: string; readonly is: string | null }>();
  for await (const { bytes, terminated } of readLines(source)) {
    if (!terminated) return;
    const line = bodyLineSchema.parse(JSON.parse(bytes.toString("utf8")));
    const base = bases.of(line) ?? null;
    const was = applyDelta(base?.was ?? "", line);
    const is = redactor.redact(was);
    const requestId = redactor.redact(line.requestId);
    const keepsId = requestId === line.requestId;
    bases.add(line, { was, is: keepsId ? is : null });
    const requestBase = (base?.is ?? null) === null ? null : line.requestBase;
    const isBase = keepsId ? line.isBase : false;
    const { v, hop } = line;
    const kept = { v, hop, requestId, requestBase, isBase, ...deltaOf(base?.is ?? "", is) };
    yield `${JSON.stringify({ ...kept, response: redactor.redact(line.response) })}\n`;
  }
}

/** A file with a zero byte near its start is no text; what is compressed is text by its name. */
export async function isText(path: string): Promise<boolean> {
  if (path.endsWith(".zst")) return /\.(json|jsonl|ndjson|log|txt|csv|prom)\.zst$/.test(path);
  await using file = await open(path);
  const { buffer, bytesRead } = await file.read(Buffer.alloc(8192), 0, 8192, 0);
  return !buffer.subarray(0, bytesRead).includes(0);
}
