import { createReadStream, mkdirSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { createGunzip, createZstdDecompress } from "node:zlib";
import { buffer } from "node:stream/consumers";
import { extract } from "tar-stream";

/** Writes the files of an archive below a folder, and returns their names. */
export async function unpack(archive: string, folder: string): Promise<readonly string[]> {
  const unzip = archive.endsWith(".zst") ? createZstdDecompress() : createGunzip();
  const entries = createReadStream(archive).pipe(unzip).pipe(extract());
  const names: string[] = [];
  for await (const entry of entries) {
    const path = join(folder, entry.header.name);
    mkdirSync(entry.header.type === "directory" ? path : dirname(path), { recursive: true });
    if (entry.header.type === "directory") {
      entry.resume();
      continue;
    }
    writeFileSync(path, await buffer(entry));
    names.push(entry.header.name);
  }
  return names;
}
