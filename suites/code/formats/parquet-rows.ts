import { brotliDecompressSync, gunzipSync, zstdDecompressSync } from "node:zlib";
import { asyncBufferFromFile, type Compressors, parquetMetadataAsync, parquetReadObjects } from "hyparquet";
import { ConfigError, messageOf } from "../../../bench/errors.ts";
import type { Row } from "./row.ts";

const rowsAtOnce = 1000;
/** Those that files of data sets have, beside Snappy. */
const compressors: Compressors = {
  GZIP: (bytes) => gunzipSync(bytes),
  ZSTD: (bytes) => zstdDecompressSync(bytes),
  BROTLI: (bytes) => brotliDecompressSync(bytes),
};

/** @throws {ConfigError} with the file's name */
export async function* parquetRows(file: string): AsyncGenerator<Row> {
  try {
    const buffer = await asyncBufferFromFile(file);
    const metadata = await parquetMetadataAsync(buffer);
    const rows = Number(metadata.num_rows);
    for (let rowStart = 0; rowStart < rows; rowStart += rowsAtOnce) {
      const rowEnd = Math.min(rows, rowStart + rowsAtOnce);
      const read = await parquetReadObjects({ file: buffer, metadata, compressors, rowStart, rowEnd });
      for (const [index, value] of read.entries())
        yield { line: rowStart + index + 1, value: plain(value) as Row["value"] };
    }
  } catch (cause) {
    throw new ConfigError(`${file} cannot be read as Parquet: ${messageOf(cause)}. Download it again.`, {
      cause,
    });
  }
}

/** As the same row would be in JSON. */
function plain(value: unknown): unknown {
  if (typeof value === "bigint") return Number.isSafeInteger(Number(value)) ? Number(value) : String(value);
  if (Array.isArray(value)) return value.map(plain);
  if (value === null || typeof value !== "object" || ArrayBuffer.isView(value)) return value;
  return Object.fromEntries(Object.entries(value).map(([name, item]) => [name, plain(item)]));
}
