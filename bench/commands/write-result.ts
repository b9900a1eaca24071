import { dirname } from "node:path";
import { ConfigError, messageOf } from "../errors.ts";
import { makeFolder } from "../store/make-folder.ts";
import { StorageError, systemErrorCode } from "../store/storage-error.ts";
import { writeWhole } from "../store/text-store.ts";

/** Writes what a command was asked for into a file of the user's, and makes its folder. @throws {ConfigError} */
export async function writeResult(path: string, text: string): Promise<void> {
  await writingTo(path, async () => {
    await makeFolder(dirname(path));
    await writeWhole(path, text);
  });
}

/** A place that cannot be written is the user's to change; anything else that is thrown stays what it is. */
export async function writingTo<T>(path: string, write: () => Promise<T>): Promise<T> {
  try {
    return await write();
  } catch (thrown) {
    const cause = thrown instanceof StorageError ? thrown.cause : thrown;
    if (systemErrorCode(cause) === null) throw thrown;
    throw new ConfigError(
      `${path} cannot be written: ${messageOf(cause)}. Give -o another place, which this user may write.`,
      { cause },
    );
  }
}
