import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

/** A folder that is gone when its user is done. */
export class Folder implements Disposable {
  readonly path = mkdtempSync(join(tmpdir(), "tollgate-tasks-"));

  [Symbol.dispose](): void {
    rmSync(this.path, { recursive: true, force: true });
  }
}
