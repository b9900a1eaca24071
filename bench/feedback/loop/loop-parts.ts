import type { SandboxFactory } from "../../sandbox/sandbox.ts";
import type { FeedbackSettings } from "../config/settings.ts";
import type { FeedbackMetric } from "../metrics/metric.ts";
import type { ServingWindows } from "../serving/windows.ts";
import type { WorkEvidence } from "../serving/work-evidence.ts";
import type { Trainer } from "../trainer/trainer.ts";
import type { Answers } from "./answers/answers.ts";

/** What the loop works with while a run lasts. */
export interface LoopParts {
  readonly settings: FeedbackSettings;
  /** Absolute. */
  readonly runDirectory: string;
  readonly trainer: Trainer;
  /** The name that chat requests use for an adapter. */
  readonly modelName: (loraId: string) => string;
  readonly answers: Answers;
  readonly metrics: readonly FeedbackMetric[];
  /** Keeps what was asked and answered. */
  readonly evidence: Pick<WorkEvidence, "of">;
  /** null: nothing of the service is measured. */
  readonly windows: ServingWindows | null;
  readonly sandbox: SandboxFactory;
  /** For workspaces; gone when the run is. */
  readonly scratchDirectory: string;
  /** Throws Interruption when the run was asked to stop. Called between any two things that take time. */
  readonly checkpoint: () => void;
  /**
   * Asked where something was not answered at all: a step that says nothing but that the trainer was gone says nothing of the model.
   * Rejects with StartError when it is; the run ends there and can be gone on with.
   */
  readonly assertAlive: () => Promise<void>;
  /** Aborted when what is in flight must end, too. */
  readonly cancelled: AbortSignal;
  /** Monotonic. */
  readonly nowMs: () => number;
  /** Wall clock, ISO 8601. */
  readonly wallIso: () => string;
  /** What happens now, for a person who waits. */
  readonly phase: (text: string) => void;
  /** A line that stays: what failed. */
  readonly tell: (line: string) => void;
}

/** One preference while it is trained. */
export interface Trained {
  readonly preference: string;
  readonly loraId: string;
}
