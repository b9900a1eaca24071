import type { InlinedTrajectory } from "./inlined-trajectory.ts";
import type { LeftOut } from "./left-out.ts";
import type { LineVerifier } from "./sft-verifier.ts";
import type { SequenceStyle } from "../tokens/token-sequences.ts";

/** A way to write trajectories. Each lives in a file of its own; `export-run.ts` lists them. */
export interface ExportFormat {
  readonly name: string;
  /** Whether it writes chat lines, which can be verified against a model's template. */
  readonly verifiable?: true;
  /** Opens the format's files in an empty folder. */
  open(directory: string, settings: ExportSettings): Promise<ExportWriter>;
}

export interface ExportSettings {
  /** How token sequences are cut, where a format has them. */
  readonly style: SequenceStyle;
  /** Of a later call's return in an earlier one's. */
  readonly discount: number;
  /** Holds chat lines against what the model wrote; null where nothing asks for it. */
  readonly verifier: LineVerifier | null;
}

export interface ExportWriter {
  /** null when the trajectory was written. */
  write(trajectory: InlinedTrajectory): Promise<LeftOut | null>;
  /** Finishes the files and names them, relative to the folder. */
  close(): Promise<readonly string[]>;
}
