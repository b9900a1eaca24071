import type { InlinedTrajectory } from "./inlined-trajectory.ts";

/** A way to write trajectories. Each lives in a file of its own; `export-run.ts` lists them. */
export interface ExportFormat {
  readonly name: string;
  /** Opens the format's files in an empty folder. */
  open(directory: string): Promise<ExportWriter>;
}

export interface ExportWriter {
  /** The reason why this trajectory has no place in the format; null when it was written. */
  write(trajectory: InlinedTrajectory): Promise<string | null>;
  /** Finishes the files and names them, relative to the folder. */
  close(): Promise<readonly string[]>;
}
