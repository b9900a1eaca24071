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

/** Why a trajectory has no place in an export. */
export interface LeftOut {
  /** One wording for all of its kind: it is counted. */
  readonly reason: string;
  /** What is peculiar to this one. */
  readonly detail?: string;
}

export interface ExportWriter {
  /** null when the trajectory was written. */
  write(trajectory: InlinedTrajectory): Promise<LeftOut | null>;
  /** Finishes the files and names them, relative to the folder. */
  close(): Promise<readonly string[]>;
}
