import type { Manifest } from "../../../bench/export/manifest.ts";
import type { TaskFormat } from "../contract/loaded-suite.ts";

/** What `manifest.json` says. */
export interface TasksManifest {
  readonly v: 1;
  readonly format: TaskFormat;
  readonly run: Manifest["run"];
  readonly results: readonly ExportedResult[];
  readonly leftOut: readonly string[];
  readonly warnings: readonly string[];
  readonly files: Manifest["files"];
}

export interface ExportedResult {
  /** Relative to the export. */
  readonly file: string;
  readonly cell: string;
  readonly arm: string;
  readonly load: string;
  /** 0-based; null: of all trials. */
  readonly trial: number | null;
  /** In the format's own unit; null where nothing was scored. */
  readonly overallScore: number | null;
  readonly tasks: number;
  readonly scoredTasks: number;
}
