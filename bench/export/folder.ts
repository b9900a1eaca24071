import { readdir } from "node:fs/promises";
import { ConfigError } from "../errors.ts";
import { makeFolder } from "../store/make-folder.ts";
import { storing } from "../store/storage-error.ts";

/** An export never mixes with another one's files. Throws ConfigError, StorageError. */
export async function prepareFolder(out: string): Promise<void> {
  await storing(out, "Cannot create", () => makeFolder(out));
  const present = await storing(out, "Cannot read", () => readdir(out));
  if (present.length === 0) return;
  throw new ConfigError(
    `${out} is not empty (${present.slice(0, 3).join(", ")}). Give -o a new or empty folder.`,
  );
}
