import { isUtf8 } from "node:buffer";
import { access, readFile, stat } from "node:fs/promises";
import { join, resolve } from "node:path";
import type { z } from "zod";
import { ConfigError, messageOf, RunUnreadableError } from "../errors.ts";
import { linesIn, readLineBlocks, readLines, type Line } from "./line-file.ts";
import { recordSchema, trajectorySchema, type RunRecord, type Trajectory } from "./record.ts";
import { runJsonSchema, type RunJson } from "./run-json.ts";
import { systemErrorCode } from "./storage-error.ts";

/** What a run directory says. `records` are in the order in which they were written. */
export interface StoredRun {
  readonly directory: string;
  readonly identity: RunJson;
  readonly records: readonly RunRecord[];
  /** Length of `records.jsonl` up to the last complete line, in bytes. */
  readonly recordsEndByte: number;
  readonly warnings: readonly StoreWarning[];
}

export interface StoreWarning {
  readonly file: string;
  readonly line: number;
  readonly message: string;
}

/**
 * Reads `run.json` and `records.jsonl`. A last line without newline is left out with a warning: its writer was killed.
 * Any other line that cannot be read throws RunUnreadableError with file and line. Nothing on disk is changed.
 */
export async function readRun(directory: string): Promise<StoredRun> {
  const path = resolve(directory);
  const identity = await readRunJson(path);
  const records: RunRecord[] = [];
  const warnings: StoreWarning[] = [];
  let recordsEndByte = 0;
  await eachJsonLine(recordsFile(path), warnings, (value, line) => {
    records.push(value);
    recordsEndByte = line.endByte;
  });
  return { directory: path, identity: withPlanned(identity, records), records, recordsEndByte, warnings };
}

/** With the cells that were decided on while it went on. */
export function withPlanned(identity: RunJson, records: readonly RunRecord[]): RunJson {
  const planned = records.flatMap((record) => (record.type === "cells-planned" ? record.cells : []));
  if (planned.length === 0) return identity;
  return { ...identity, cells: [...identity.cells, ...planned] };
}

/** What a run has recorded, a line at a time. */
export function recordsFile(directory: string): JsonLinesFile<RunRecord> {
  return { path: join(directory, "records.jsonl"), schema: recordSchema };
}

/** Throws ConfigError for a folder that is no run directory, RunUnreadableError when its `run.json` cannot be read. */
export async function readRunJson(directory: string): Promise<RunJson> {
  const path = join(directory, "run.json");
  let text: string;
  try {
    // A pipe would be waited for.
    if (!(await stat(path)).isFile()) throw new Error("its run.json is no file");
    text = await readFile(path, "utf8");
  } catch (thrown) {
    throw new ConfigError(
      `${directory} is not a run directory: ${messageOf(thrown)}. Give a folder that \`tollgate sweep\` printed, or see \`tollgate runs\`.`,
      { cause: thrown },
    );
  }
  return parseAs(runJsonSchema, text, path);
}

export interface StoredTrajectory {
  readonly trajectory: Trajectory;
  /** 1-based line in the file. */
  readonly line: number;
  readonly startByte: number;
  readonly endByte: number;
}

/**
 * The lines of `trajectories.jsonl` or `trajectories.jsonl.zst`, in constant memory; none when the run has no such file.
 * Lines whose episode was never recorded are among them: see `episodesOf`.
 */
export async function* readTrajectories(
  directory: string,
  warnings: StoreWarning[] = [],
): AsyncGenerator<StoredTrajectory> {
  const path = await logPath(directory, "trajectories.jsonl");
  if (path === null) return;
  for await (const { value, line } of readJsonLines(path, trajectorySchema, warnings)) {
    yield { trajectory: value, line: line.number, startByte: line.startByte, endByte: line.endByte };
  }
}

/** The files of a run that grow with every episode and may be compressed once it is over. */
export type EpisodeLog = "trajectories.jsonl" | "tokens.jsonl";

/** The file that holds a log: the plain one while the run is written, else the compressed one; null for none. */
export async function logPath(directory: string, log: EpisodeLog): Promise<string | null> {
  const plain = join(directory, log);
  if (await exists(plain)) return plain;
  return (await exists(`${plain}.zst`)) ? `${plain}.zst` : null;
}

/** A link may lead to itself. */
const leadsNowhere = new Set(["ENOENT", "ENOTDIR", "ELOOP", "ENAMETOOLONG"]);

export async function exists(path: string): Promise<boolean> {
  try {
    await access(path);
    return true;
  } catch (thrown) {
    if (leadsNowhere.has(systemErrorCode(thrown) ?? "")) return false;
    throw thrown;
  }
}

/** Every complete line of a JSON Lines file, checked against a schema. A missing file has no lines. */
export async function* readJsonLines<T>(
  path: string,
  schema: z.ZodType<T>,
  warnings: StoreWarning[],
): AsyncGenerator<{ value: T; line: Line }> {
  if (!(await exists(path))) return;
  for await (const line of readLines(path)) {
    if (!line.terminated) {
      warnings.push(tornWarning(path, line));
      return;
    }
    yield { value: parseAs(schema, decode(line.bytes, path, line.number), path, line.number), line };
  }
}

/** A file of JSON Lines, or what of it begins at a byte. */
export interface JsonLinesFile<T> {
  readonly path: string;
  readonly schema: z.ZodType<T>;
  /** The first line, and its number; absent: the file's first one. */
  readonly from?: { readonly byte: number; readonly line: number };
  /** Lines that are wanted; the others are not even parsed. Absent: all. */
  readonly wanted?: (line: Buffer) => boolean;
  /** What of a line is read; absent: all of it. */
  readonly part?: (line: Buffer) => Buffer;
}

/** As {@link readJsonLines}, without a promise for each line: for files of millions of lines. */
export async function eachJsonLine<T>(
  { path, schema, from = { byte: 0, line: 1 }, wanted = () => true, part = (line) => line }: JsonLinesFile<T>,
  warnings: StoreWarning[],
  take: (value: T, line: Line) => void,
): Promise<void> {
  if (!(await exists(path))) return;
  let number = from.line;
  for await (const block of readLineBlocks(path, from.byte)) {
    const textOf = isUtf8(block.bytes) ? wholeText : (bytes: Buffer) => decode(bytes, path, number);
    for (const line of linesIn(block, number)) {
      if (!line.terminated) {
        warnings.push(tornWarning(path, line));
        return;
      }
      if (wanted(line.bytes)) take(parseAs(schema, textOf(part(line.bytes)), path, number), line);
      number += 1;
    }
  }
}

/** One line that was found by its place. @throws {RunUnreadableError} */
export function parseJsonLine<T>(
  { where, schema }: { readonly where: string; readonly schema: z.ZodType<T> },
  bytes: Buffer,
): T {
  return parseAs(schema, bytes.toString("utf8"), where);
}

function tornWarning(file: string, { bytes, number }: Line): StoreWarning {
  const message = `the last line is torn (${bytes.length} bytes without a newline) and was left out`;
  return { file, line: number, message };
}

const utf8 = new TextDecoder("utf-8", { fatal: true });

function decode(bytes: Buffer, path: string, line: number): string {
  try {
    return utf8.decode(bytes);
  } catch (thrown) {
    throw damaged({ path, line, why: "it is not UTF-8" }, thrown);
  }
}

/** Of bytes that are known to be UTF-8; without a byte order mark, as the decoder leaves it out. */
function wholeText(bytes: Buffer): string {
  return bytes[0] === 0xef ? utf8.decode(bytes) : bytes.toString("utf8");
}

/** A file of something else lacks everything: two examples are enough. */
const shownIssuesMax = 2;

// oxlint-disable-next-line max-params -- file and line are one place
function parseAs<T>(schema: z.ZodType<T>, text: string, path: string, line?: number): T {
  let json: unknown;
  try {
    json = JSON.parse(text);
  } catch (thrown) {
    throw damaged({ path, line, why: messageOf(thrown) }, thrown);
  }
  const parsed = schema.safeParse(json);
  if (parsed.success) return parsed.data;
  const { issues } = parsed.error;
  const shown = issues.slice(0, shownIssuesMax).map((one) => `${one.path.join(".") || "it"}: ${one.message}`);
  const more = issues.length > shownIssuesMax ? [`and ${issues.length - shownIssuesMax} more`] : [];
  const why = [...shown, ...more].join("; ");
  throw damaged({ path, line, why }, parsed.error);
}

function damaged(
  place: { readonly path: string; readonly line: number | undefined; readonly why: string },
  cause: unknown,
): RunUnreadableError {
  const { path, line, why } = place;
  const where = line === undefined ? path : `${path}:${line}`;
  return new RunUnreadableError(
    `${where} cannot be read: ${why}. Only the last line of a run may be incomplete; this one was damaged or written by another version. Restore the file from a copy, or start a new run.`,
    { cause },
  );
}
