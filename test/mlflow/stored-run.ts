import { join } from "node:path";
import { requiredTarget } from "../../bench/mlflow/client/target.ts";
import type { MlflowSettings } from "../../bench/mlflow/client/target.ts";
import type { LogRunOptions } from "../../bench/mlflow/log-run.ts";
import { TemporaryFolder } from "../e2e/tollgate-process.ts";
import { unpack } from "../pack/unpacked.ts";

/** A stored run in a folder of its own. */
export class StoredRunFolder extends TemporaryFolder {
  directory = "";

  static async of(name: string, among = "stored-runs"): Promise<StoredRunFolder> {
    const folder = new StoredRunFolder();
    const archive = join(import.meta.dirname, "../fixtures", among, `${name}.tar.zst`);
    const [first = ""] = await unpack(archive, folder.path);
    folder.directory = join(folder.path, first.split("/")[0] ?? "");
    return folder;
  }
}

/** How the tests log: with pauses of a millisecond, and mostly without tables, which take a second to make. */
export function options(
  url: string,
  changes: Partial<LogRunOptions> & { readonly settings?: MlflowSettings } = {},
): LogRunOptions {
  const { settings, ...rest } = changes;
  return {
    target: requiredTarget({ uri: url, experiment: "serving", ...settings }, {}),
    signal: new AbortController().signal,
    tell: () => undefined,
    pausesMs: [1, 1, 1, 1, 1],
    tables: false,
    ...rest,
  };
}
