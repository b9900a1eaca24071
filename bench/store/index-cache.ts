import { createReadStream } from "node:fs";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { deserialize, serialize } from "node:v8";
import { crc32 } from "node:zlib";
import { isStoredRecordColumns, RecordColumns, type StoredRecordColumns } from "./record-columns.ts";
import { recordsFile } from "./read-run.ts";
import { storing, StorageError, systemErrorCode } from "./storage-error.ts";
import { writeWhole } from "./text-store.ts";

/** Beside the records of a large run; made of them and of nothing else. */
export const indexFile = "episodes.index";

/** Another number for another layout: a file with any other one is made anew. */
const layout = 2;
const headBytes = 8;

/** The columns that were kept, when they are those of the records as they are now; else empty ones. */
export async function loadRecordColumns(directory: string): Promise<RecordColumns> {
  const stored = await readStored(join(directory, indexFile));
  if (stored === null) return new RecordColumns(directory);
  const same = (await sumOf(recordsFile(directory).path, stored.endByte)) === stored.crc;
  return new RecordColumns(directory, same ? stored : null);
}

/** Returns false where the folder cannot be written: it is only a cache, and others may own the run. */
export async function saveRecordColumns(columns: RecordColumns): Promise<boolean> {
  const body = serialize(columns.stored);
  const head = Buffer.alloc(headBytes);
  head.writeUInt32LE(layout, 0);
  head.writeUInt32LE(crc32(body), 4);
  const path = join(columns.directory, indexFile);
  try {
    await storing(path, "Cannot write", () => writeWhole(path, Buffer.concat([head, body])));
    return true;
  } catch (error) {
    if (error instanceof StorageError) return false;
    throw error;
  }
}

/** null where there is none, or none of this layout and of this version of Node, or where it was damaged. */
async function readStored(path: string): Promise<StoredRecordColumns | null> {
  let bytes: Buffer;
  try {
    bytes = await readFile(path);
  } catch (thrown) {
    if (systemErrorCode(thrown) === null) throw thrown;
    return null;
  }
  if (bytes.length < headBytes || bytes.readUInt32LE(0) !== layout) return null;
  const body = bytes.subarray(headBytes);
  if (crc32(body) !== bytes.readUInt32LE(4)) return null;
  const stored = deserialized(body);
  return isStoredRecordColumns(stored) ? stored : null;
}

/** null where this version of Node cannot read it: a newer one writes another form. */
function deserialized(body: Buffer): unknown {
  try {
    return deserialize(body);
  } catch {
    return null;
  }
}

/** Of a file's first bytes; null where it has fewer. */
async function sumOf(path: string, length: number): Promise<number | null> {
  if (length === 0) return 0;
  let [sum, read] = [0, 0];
  try {
    const file: AsyncIterable<Buffer> = createReadStream(path, { end: length - 1, highWaterMark: 1 << 20 });
    for await (const chunk of file) {
      sum = crc32(chunk, sum);
      read += chunk.length;
    }
  } catch (thrown) {
    if (systemErrorCode(thrown) === "ENOENT") return null;
    throw thrown;
  }
  return read === length ? sum : null;
}
