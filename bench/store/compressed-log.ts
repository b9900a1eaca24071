import { createReadStream, createWriteStream } from "node:fs";
import { rename, rm } from "node:fs/promises";
import { join } from "node:path";
import { pipeline } from "node:stream/promises";
import { createZstdDecompress } from "node:zlib";
import type { Transform } from "node:stream";
import { checkedZstd } from "../host/checked-zstd.ts";
import { readingError } from "./line-file.ts";
import { exists, type EpisodeLog } from "./read-run.ts";
import { storing } from "./storage-error.ts";

/** Replaces a log by `<log>.zst`, when the run is over. False where there is none. Throws StorageError. */
export async function compressLog(directory: string, log: EpisodeLog): Promise<boolean> {
  const plain = join(directory, log);
  if (!(await exists(plain))) return false;
  await replace({ from: plain, to: `${plain}.zst`, through: checkedZstd() });
  return true;
}

/** Undoes the compression, so that a run can be continued. Where both files exist, the plain one is the truth. */
export async function restoreLog(directory: string, log: EpisodeLog): Promise<void> {
  const plain = join(directory, log);
  const compressed = `${plain}.zst`;
  if (!(await exists(compressed))) return;
  if (await exists(plain)) await rm(compressed);
  else await replace({ from: compressed, to: plain, through: createZstdDecompress() });
}

async function replace(file: { readonly from: string; readonly to: string; readonly through: Transform }) {
  const { from, to, through } = file;
  const temporary = `${to}.tmp`;
  await storing(to, "Cannot write", async () => {
    try {
      await pipeline(createReadStream(from), through, createWriteStream(temporary, { flush: true }));
      await rename(temporary, to);
    } catch (thrown) {
      throw readingError(from, thrown);
    } finally {
      await rm(temporary, { force: true });
    }
    await rm(from);
  });
}
