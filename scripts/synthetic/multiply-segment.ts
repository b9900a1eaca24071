import { cp, mkdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { z } from "zod";
import { readLines } from "../../bench/store/line-file.ts";
import { exists } from "../../bench/store/read-run.ts";
import { segmentPath } from "../../bench/store/run-directory.ts";
import { copiesOf, type CopiedSpan, type Copy } from "./copies.ts";
import { BlockWriter } from "./block-writer.ts";
import { scaledPage } from "./scaled-metrics.ts";
import type { SourceCell } from "./source-run.ts";

export interface MultipliedSegment {
  readonly from: string;
  readonly to: string;
  readonly source: SourceCell;
  readonly span: CopiedSpan;
  /** Bodies of requests and answers are most of a run, and little reads them. */
  readonly bodies: boolean;
}

/** The evidence folder of a segment, as if all copies had run in it one behind the other. */
export async function multiplySegment(of: MultipliedSegment): Promise<void> {
  const [from, to] = [segmentPath(of.from, of.source.segment), segmentPath(of.to, of.source.segment)];
  await mkdir(to, { recursive: true });
  await multiplyLines(of, "taps.ndjson", tapLine);
  await multiplyLines(of, "tools.ndjson", toolLine);
  await multiplyLines(of, "engines.ndjson", engineLine);
  if (of.bodies) {
    await multiplyLines(of, "bodies.ndjson", (line) => line);
    await multiplyLines(of, "bodies.ndjson.zst", (line) => line);
  }
  for (const role of ["agent", "user", "gateway"]) await multiplyPages({ from, to }, role, of.span.copies);
  for (const name of ["segment.json", "fidelity.json"]) {
    const path = join(from, name);
    if (!(await exists(path))) continue;
    const facts = scaledFacts(JSON.parse(await readFile(path, "utf8")), of.span.copies);
    await writeFile(join(to, name), `${JSON.stringify(facts, null, 2)}\n`);
  }
}

type LineOfCopy = (line: string, copy: Copy) => string;

async function multiplyLines(of: MultipliedSegment, name: string, lineOf: LineOfCopy): Promise<void> {
  const path = join(segmentPath(of.from, of.source.segment), name);
  if (!(await exists(path))) return;
  const lines: string[] = [];
  for await (const { bytes, terminated } of readLines(path))
    if (terminated) lines.push(bytes.toString("utf8"));
  const rename = renamer(of.source);
  await using out = new BlockWriter(join(segmentPath(of.to, of.source.segment), name));
  for (const copy of copiesOf(of.span))
    for (const line of lines) await out.line(lineOf(rename(line, copy), copy));
}

/** Ids of episodes are in those of attempts and requests, so that wherever one stands the copy's is put. */
export function renamer({ episodes }: Pick<SourceCell, "episodes">): LineOfCopy {
  const ids = new RegExp(episodes.map(({ episodeId }) => episodeId).join("|"), "g");
  return (line, copy) => line.replace(ids, copy.idOf);
}

const tapSchema = z.looseObject({
  requestId: z.string(),
  attemptKey: z.string().nullable(),
  startedNs: z.number(),
  requestEndNs: z.number(),
  firstByteNs: z.number().nullable(),
  firstTokenNs: z.number().nullable(),
  lastTokenNs: z.number().nullable(),
  endedNs: z.number(),
  chunks: z.array(z.tuple([z.number(), z.number()])),
});

function tapLine(line: string, copy: Copy): string {
  const exchange = tapSchema.parse(JSON.parse(line));
  const at = (ns: number | null) => (ns === null ? null : copy.atNs(ns));
  return JSON.stringify({
    ...exchange,
    // A tap numbers by itself what comes without a name.
    requestId: exchange.attemptKey === null ? `${exchange.requestId}~${copy.number}` : exchange.requestId,
    startedNs: copy.atNs(exchange.startedNs),
    requestEndNs: copy.atNs(exchange.requestEndNs),
    firstByteNs: at(exchange.firstByteNs),
    firstTokenNs: at(exchange.firstTokenNs),
    lastTokenNs: at(exchange.lastTokenNs),
    endedNs: copy.atNs(exchange.endedNs),
    chunks: exchange.chunks.map(([ns, bytes]) => [copy.lengthNs(ns), bytes]),
  });
}

const toolSchema = z.looseObject({ receivedNs: z.number(), startedNs: z.number(), endedNs: z.number() });

function toolLine(line: string, copy: Copy): string {
  const call = toolSchema.parse(JSON.parse(line));
  return JSON.stringify({
    ...call,
    receivedNs: copy.atNs(call.receivedNs),
    startedNs: copy.atNs(call.startedNs),
    endedNs: copy.atNs(call.endedNs),
  });
}

/** Counters in it begin again with each copy: reports look at the gauges. */
const engineSchema = z.looseObject({ atNs: z.number() });

function engineLine(line: string, copy: Copy): string {
  const sample = engineSchema.parse(JSON.parse(line));
  return JSON.stringify({ ...sample, atNs: copy.atNs(sample.atNs) });
}

async function multiplyPages(
  { from, to }: { readonly from: string; readonly to: string },
  role: string,
  times: number,
): Promise<void> {
  const [before, after] = [`${role}-before.prom`, `${role}-after.prom`];
  if (await exists(join(from, before))) await cp(join(from, before), join(to, before));
  if (!(await exists(join(from, before))) || !(await exists(join(from, after)))) return;
  const pages = [
    await readFile(join(from, before), "utf8"),
    await readFile(join(from, after), "utf8"),
  ] as const;
  await writeFile(join(to, after), scaledPage(pages[0], pages[1], times));
}

/** Counts in `tapTotals`, `tapConnections` and in all of `fidelity.json`. */
const countedIn = new Set(["tapTotals", "tapConnections", "findings", "unknown"]);
const counted = new Set(["requests", "comparedRequests", "comparedAnswers"]);

function scaledFacts(facts: unknown, times: number): unknown {
  const entries = Object.entries(z.record(z.string(), z.unknown()).parse(facts));
  return Object.fromEntries(
    entries.map(([key, value]) => [
      key,
      countedIn.has(key) || counted.has(key) ? scaledNumbers(value, times) : value,
    ]),
  );
}

function scaledNumbers(value: unknown, times: number): unknown {
  if (typeof value === "number") return value * times;
  if (Array.isArray(value)) return value.map((item) => scaledNumbers(item, times));
  if (value === null || typeof value !== "object") return value;
  return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, scaledNumbers(item, times)]));
}
