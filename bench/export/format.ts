import type { InlinedTrajectory } from "./inlined-trajectory.ts";
import type { SequenceStyle } from "../tokens/token-sequences.ts";

/** A way to write trajectories. Each lives in a file of its own; `export-run.ts` lists them. */
export interface ExportFormat {
  readonly name: string;
  /** Opens the format's files in an empty folder. */
  open(directory: string, settings: ExportSettings): Promise<ExportWriter>;
}

export interface ExportSettings {
  /** How token sequences are cut, where a format has them. */
  readonly style: SequenceStyle;
  /** Of a later call's return in an earlier one's. */
  readonly discount: number;
}

export interface ExportWriter {
  /** The reason why this trajectory has no place in the format; null when it was written. */
  write(trajectory: InlinedTrajectory): Promise<string | null>;
  /** Finishes the files and names them, relative to the folder. */
  close(): Promise<readonly string[]>;
}
