import { existsSync } from "node:fs";
import { join } from "node:path";
import { RunUnreadableError } from "../errors.ts";
import type { Hop } from "../workload/exchange.ts";
import { readLines } from "../store/line-file.ts";
import { BodyBases } from "./body-bases.ts";
import { applyDelta } from "./body-delta.ts";
import { bodyLineSchema, type BodyLine } from "./body-line.ts";

export interface ExchangeBodies {
  readonly hop: Hop;
  readonly requestId: string;
  readonly requestBody: string;
  readonly responseBody: string;
}

/**
 * The bodies of a segment in the order in which the exchanges ended, from `bodies.ndjson` or, once the segment was
 * closed, `bodies.ndjson.zst`, one at a time. A torn last line is left out: its exchange was not recorded.
 * @param directory the segment's evidence directory
 * @throws {RunUnreadableError} when another line is bad or its base is missing
 */
export async function* readBodies(directory: string): AsyncGenerator<ExchangeBodies> {
  const plain = join(directory, "bodies.ndjson");
  // Both exist while the segment is being compressed; the plain one is removed last and is whole until then.
  const path = existsSync(plain) ? plain : `${plain}.zst`;
  const bases = new BodyBases<string>();
  for await (const { bytes, number, terminated } of readLines(path)) {
    if (!terminated) return;
    const line = parse(bytes.toString("utf8"), { path, number });
    const base = bases.of(line);
    if (base === undefined) throw damaged({ path, number }, `its base ${line.requestBase} is missing`);
    const requestBody = applyDelta(base ?? "", line);
    bases.add(line, requestBody);
    yield { hop: line.hop, requestId: line.requestId, requestBody, responseBody: line.response };
  }
}

interface Place {
  readonly path: string;
  readonly number: number;
}

function parse(text: string, place: Place): BodyLine {
  try {
    return bodyLineSchema.parse(JSON.parse(text));
  } catch (cause) {
    throw damaged(place, "it is not a record of bodies", cause);
  }
}

function damaged({ path, number }: Place, why: string, cause?: unknown): RunUnreadableError {
  return new RunUnreadableError(`Cannot read line ${number} of ${path}: ${why}.`, { cause });
}
