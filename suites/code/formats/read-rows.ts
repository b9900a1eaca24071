import { once } from "node:events";
import { createReadStream } from "node:fs";
import { open } from "node:fs/promises";
import { createGunzip } from "node:zlib";
import { ConfigError, messageOf } from "../../../bench/errors.ts";
import { parquetRows } from "./parquet-rows.ts";
import type { Row } from "./row.ts";

const mebibyte = 1024 * 1024;
const lineBytesMax = 16 * mebibyte;
/** Of the file, unpacked. */
const bytesMax = 1024 * mebibyte;
const [lineFeed, carriageReturn] = [0x0a, 0x0d];

/**
 * Reads JSON lines, a list of JSON objects, either packed by gzip, or Parquet. The first bytes say which, because the ending of
 * a name says what a file was when it was downloaded. @throws {ConfigError} with file, line and what to do
 */
export async function* readRows(file: string): AsyncGenerator<Row> {
  const start = await firstBytes(file);
  if (start.length === 0) throw new ConfigError(`${file} is empty: download it again, or name another file.`);
  if (start.subarray(0, 4).toString("latin1") === "PAR1") {
    yield* parquetRows(file);
    return;
  }
  const packed = start[0] === 0x1f && start[1] === 0x8b;
  yield* jsonRows(file, lines(file, packed));
}

async function firstBytes(file: string): Promise<Buffer> {
  try {
    await using handle = await open(file, "r");
    if ((await handle.stat()).isDirectory())
      throw new ConfigError(`${file} is a folder: name the file of the data set in it.`);
    const { bytesRead, buffer } = await handle.read(Buffer.alloc(4), 0, 4, 0);
    return buffer.subarray(0, bytesRead);
  } catch (cause) {
    if (cause instanceof ConfigError) throw cause;
    throw new ConfigError(
      `${file} cannot be read: ${messageOf(cause)}. Tollgate downloads no data set: give workload.file the path of your copy.`,
      { cause },
    );
  }
}

async function* jsonRows(file: string, of: AsyncGenerator<Line>): AsyncGenerator<Row> {
  let list: string | null = null;
  for await (const { number, text, ended } of of) {
    if (list !== null) {
      list += `${text}\n`;
      continue;
    }
    if (text.trim() === "") continue;
    if (text.trimStart().startsWith("[")) {
      list = `${text}\n`;
      continue;
    }
    const value = parsed(text);
    if (typeof value === "object") yield { line: number, value };
    else if (ended) throw new ConfigError(`${file}, line ${number}: ${value}.`);
    else
      throw new ConfigError(
        `${file}, line ${number}, its last one, has no end: ${value}. The file was cut; download it again.`,
      );
  }
  if (list !== null) yield* listRows(file, list);
}

/** The object, or why it is none. */
function parsed(text: string): Readonly<Record<string, unknown>> | string {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (error) {
    if (!(error instanceof SyntaxError)) throw error;
    return `it is no JSON (${error.message})`;
  }
  return isMapping(value) ? value : "it is JSON, but no object of a problem";
}

function* listRows(file: string, text: string): Generator<Row> {
  let list: unknown;
  try {
    list = JSON.parse(text);
  } catch (cause) {
    throw new ConfigError(`${file} begins as a JSON list and is none: ${messageOf(cause)}.`, { cause });
  }
  for (const [index, value] of (Array.isArray(list) ? list : []).entries()) {
    if (!isMapping(value)) throw new ConfigError(`${file}, item ${index + 1}, is no object of a problem.`);
    yield { line: index + 1, value };
  }
}

interface Line {
  readonly number: number;
  readonly text: string;
  /** A line feed stands behind it. */
  readonly ended: boolean;
}

/** Lines of UTF-8, without their ends and without the mark at the beginning of the file. */
async function* lines(file: string, packed: boolean): AsyncGenerator<Line> {
  let number = 0;
  let pieces: Buffer[] = [];
  let [size, total] = [0, 0];
  const take = (ended: boolean): Line => {
    number += 1;
    const bytes = Buffer.concat(pieces);
    [pieces, size] = [[], 0];
    const end = bytes.at(-1) === carriageReturn ? bytes.length - 1 : bytes.length;
    return { number, text: decoded(file, number, bytes.subarray(0, end)), ended };
  };
  for await (const chunk of unpacked(file, packed)) {
    total += chunk.length;
    if (total > bytesMax)
      throw new ConfigError(
        `${file} has more than ${bytesMax / mebibyte} MiB, unpacked: this is no such data set.`,
      );
    let from = 0;
    for (let at = chunk.indexOf(lineFeed); at >= 0; at = chunk.indexOf(lineFeed, from)) {
      pieces.push(chunk.subarray(from, at));
      yield take(true);
      from = at + 1;
    }
    pieces.push(chunk.subarray(from));
    size += chunk.length - from;
    if (size > lineBytesMax)
      throw new ConfigError(
        `${file}, line ${number + 1}, has more than ${lineBytesMax / mebibyte} MiB: there is one problem in a line.`,
      );
  }
  if (size > 0) yield take(false);
}

async function* unpacked(file: string, packed: boolean): AsyncGenerator<Buffer> {
  const source = createReadStream(file);
  const stream = packed ? source.pipe(createGunzip()) : source;
  source.on("error", (error) => stream.destroy(error));
  try {
    for await (const chunk of stream) yield chunk as Buffer;
  } catch (cause) {
    const what = packed ? "cannot be unpacked, or is cut" : "cannot be read";
    throw new ConfigError(`${file} ${what}: ${messageOf(cause)}. Download it again.`, { cause });
  } finally {
    source.destroy();
    if (!source.closed) await once(source, "close");
  }
}

const utf8 = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });

function decoded(file: string, number: number, bytes: Buffer): string {
  const [first = 0, second = 0] = number === 1 ? bytes : [];
  if ((first === 0xff && second === 0xfe) || (first === 0xfe && second === 0xff))
    throw new ConfigError(`${file} is UTF-16: save it as UTF-8.`);
  try {
    const text = utf8.decode(bytes);
    return number === 1 ? text.replace(/^\uFEFF/, "") : text;
  } catch (cause) {
    throw new ConfigError(`${file}, line ${number}, is not UTF-8: save the file as UTF-8.`, { cause });
  }
}

function isMapping(value: unknown): value is Readonly<Record<string, unknown>> {
  return value !== null && typeof value === "object" && !Array.isArray(value);
}
