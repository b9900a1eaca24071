import { collapseAlerts } from "../../feedback/files/collapse-alerts.ts";
import type { ReadStep } from "../../feedback/files/stored-step.ts";

/** A step, and where all of it is shown; null where no page has it. */
export interface ShownStep {
  readonly line: ReadStep;
  readonly address: string | null;
}

/** What a trainer tells of how far its model is from what it should be; null where it tells nothing like it. */
export function lossOf({ sdpo_metrics: told }: ReadStep): number | null {
  return told?.["distill_loss"] ?? told?.["adv_mean"] ?? null;
}

/** null: no alert. Empty: one that says nothing more. */
export function alertReasons({ eval: { collapse } }: ReadStep): string | null {
  return collapse?.alert === true ? collapseAlerts(collapse).join("; ") : null;
}
