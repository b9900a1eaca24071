import { stat } from "node:fs/promises";
import { join } from "node:path";
import { exists } from "../../store/read-run.ts";
import { readLines } from "../../store/line-file.ts";
import { applyDelta } from "../../tap/body-delta.ts";
import { bodyLineSchema, type BodyLine } from "../../tap/body-line.ts";
import { readBodies, type ExchangeBodies } from "../../tap/read-bodies.ts";
import type { TappedExchange, SeenRequest } from "./episode-requests.ts";

/** Bodies of one exchange as they went over the wire. */
export type Bodies = Pick<ExchangeBodies, "requestBody" | "responseBody">;

/** Bodies by exchange: those of an exchange that is not in it were not recorded. */
export type BodiesOf = ReadonlyMap<TappedExchange, Bodies>;

/** Size of the file of bodies of a segment, as it is on disk; null where there is none. */
export async function bodiesBytes(segmentDirectory: string): Promise<number | null> {
  const path = await bodiesPath(segmentDirectory);
  return path === null ? null : (await stat(path)).size;
}

async function bodiesPath(segmentDirectory: string): Promise<string | null> {
  const plain = join(segmentDirectory, "bodies.ndjson");
  if (await exists(plain)) return plain;
  return (await exists(`${plain}.zst`)) ? `${plain}.zst` : null;
}

/**
 * The bodies of these requests, of both taps. Bodies lie as differences to others of the same attempt, so only its own lines are
 * read, unless a gateway passes no identity on. null: there are more of them than may be read. Throws RunUnreadableError for a
 * damaged line.
 * @param bytesMax of the whole segment, decompressed: a small file may hold a thousand times as much
 */
export async function readRequestBodies(
  segmentDirectory: string,
  requests: readonly SeenRequest[],
  bytesMax = Infinity,
): Promise<BodiesOf | null> {
  const path = await bodiesPath(segmentDirectory);
  if (path === null) return new Map();
  const wanted = new Map(
    requests
      .flatMap(({ outer, inner }) => [outer, ...inner])
      .map((exchange) => [keyOf(exchange), exchange] as const),
  );
  const own = await ownBodies(path, wanted, bytesMax);
  if (own === "too many") return null;
  return own === "incomplete" ? await allBodies(segmentDirectory, wanted) : own;
}

type Wanted = ReadonlyMap<string, TappedExchange>;

/** `incomplete`: a line is the difference to one that is not among those that are wanted. */
async function ownBodies(
  path: string,
  wanted: Wanted,
  bytesMax: number,
): Promise<BodiesOf | "incomplete" | "too many"> {
  const ids = new Set([...wanted.values()].map(({ requestId }) => requestId));
  const needles = [...ids].map((id) => Buffer.from(JSON.stringify(id)));
  const texts = new Map<string, string>();
  const counts = new Map<string, number>();
  const found = new Map<TappedExchange, Bodies>();
  for await (const { bytes, endByte, terminated } of readLines(path)) {
    if (endByte > bytesMax) return "too many";
    if (!terminated) break;
    // The id stands at the beginning of the line, before the bodies.
    const head = bytes.subarray(0, headBytes);
    if (!needles.some((needle) => head.includes(needle))) continue;
    const line = parsedLine(bytes);
    if (line === null || !ids.has(line.requestId)) continue;
    const { hop, requestId, requestBase } = line;
    const base = requestBase === null ? "" : texts.get(`${hop} ${requestBase}`);
    if (base === undefined) return "incomplete";
    const requestBody = applyDelta(base, line);
    const occurrence = counts.get(`${hop} ${requestId}`) ?? 0;
    counts.set(`${hop} ${requestId}`, occurrence + 1);
    if (line.isBase ?? occurrence === 0) texts.set(`${hop} ${requestId}`, requestBody);
    const exchange = wanted.get(keyOf({ hop, requestId, occurrence }));
    if (exchange !== undefined) found.set(exchange, { requestBody, responseBody: line.response });
  }
  return found;
}

/** The version, the hop, the id and its base. */
const headBytes = 1_024;

/** null: a line that only looked as if it were of these requests; `allBodies` says what is wrong with one that is damaged. */
function parsedLine(bytes: Buffer): BodyLine | null {
  try {
    return bodyLineSchema.safeParse(JSON.parse(bytes.toString("utf8"))).data ?? null;
  } catch {
    return null; // No JSON.
  }
}

async function allBodies(segmentDirectory: string, wanted: Wanted): Promise<BodiesOf> {
  const counts = new Map<string, number>();
  const found = new Map<TappedExchange, Bodies>();
  for await (const { hop, requestId, requestBody, responseBody } of readBodies(segmentDirectory)) {
    const occurrence = counts.get(`${hop} ${requestId}`) ?? 0;
    counts.set(`${hop} ${requestId}`, occurrence + 1);
    const exchange = wanted.get(keyOf({ hop, requestId, occurrence }));
    if (exchange !== undefined) found.set(exchange, { requestBody, responseBody });
  }
  return found;
}

function keyOf({
  hop,
  requestId,
  occurrence,
}: Pick<TappedExchange, "hop" | "requestId" | "occurrence">): string {
  return JSON.stringify([hop, requestId, occurrence]);
}
