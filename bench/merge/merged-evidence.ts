import { constants } from "node:fs";
import { copyFile, readdir, readFile, stat } from "node:fs/promises";
import { dirname, join, relative, sep } from "node:path";
import { makeFolder } from "../store/make-folder.ts";
import { preflightText, readPreflights, type PreflightRecord } from "../store/preflight-record.ts";
import { exists } from "../store/read-run.ts";
import { storing } from "../store/storage-error.ts";
import { writeWhole } from "../store/text-store.ts";
import type { ShardRun } from "./shard-run.ts";

/** Copies evidence and logs of shards into a merged run, where readers look for them. */
export class MergedEvidence {
  readonly #directory: string;
  readonly #preflights: PreflightRecord[] = [];
  /** What is no file, by its place: links lead out of a run. */
  readonly leftOut: string[] = [];

  constructor(directory: string) {
    this.#directory = directory;
  }

  /** Throws StorageError. */
  async add(shard: ShardRun): Promise<void> {
    const place = { index: shard.shard.index, preflights: this.#preflights.length };
    for (const folder of ["evidence", "logs"])
      for (const name of await this.#filesIn(shard.directory, folder)) {
        if (name === "evidence/preflight.json") continue;
        await this.#copy(join(shard.directory, name), placeOf(name, place), place.index);
      }
    this.#preflights.push(...(await readPreflights(shard.directory)));
  }

  /** Writes what is one file for all of them. Throws StorageError. */
  async finish(): Promise<void> {
    if (this.#preflights.length === 0) return;
    const path = join(this.#directory, "evidence", "preflight.json");
    await storing(path, "Cannot write", async () => {
      await makeFolder(dirname(path));
      await writeWhole(path, preflightText(this.#preflights));
    });
  }

  /** Below the run, with `/` between folders. */
  async #filesIn(directory: string, folder: string): Promise<readonly string[]> {
    const top = join(directory, folder);
    if (!(await exists(top))) return [];
    const entries = await readdir(top, { recursive: true, withFileTypes: true });
    const nameOf = (entry: (typeof entries)[number]) =>
      relative(directory, join(entry.parentPath, entry.name)).split(sep).join("/");
    const strange = entries.filter((entry) => !entry.isFile() && !entry.isDirectory());
    this.leftOut.push(...strange.map((entry) => join(directory, nameOf(entry))));
    return entries
      .filter((entry) => entry.isFile() && !entry.name.endsWith(".tmp"))
      .map(nameOf)
      .toSorted();
  }

  /** Where another shard has left another file of this name, the later one goes to a folder of its shard. */
  async #copy(from: string, name: string, index: number): Promise<void> {
    const first = join(this.#directory, name);
    const taken = await exists(first);
    if (taken && (await sameContent(from, first))) return;
    const to = taken ? join(this.#directory, "evidence", "shards", String(index), name) : first;
    await storing(to, "Cannot write", async () => {
      await makeFolder(dirname(to));
      await copyFile(from, to, constants.COPYFILE_EXCL | constants.COPYFILE_FICLONE);
    });
  }
}

interface ShardPlace {
  readonly index: number;
  /** Of earlier shards. */
  readonly preflights: number;
}

function placeOf(name: string, { index, preflights }: ShardPlace): string {
  const [top = "", folder = "", ...rest] = name.split("/");
  if (top === "logs") return ["logs", `shard-${index}`, folder, ...rest].join("/");
  const [number = "", ...below] = rest;
  if (folder === "preflight" && /^\d+$/.test(number))
    return ["evidence", "preflight", String(preflights + Number(number)), ...below].join("/");
  return name;
}

async function sameContent(one: string, other: string): Promise<boolean> {
  if ((await stat(one)).size !== (await stat(other)).size) return false;
  const [a, b] = [await readFile(one), await readFile(other)];
  return a.equals(b);
}
