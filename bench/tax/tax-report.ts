import type { StoredReplay } from "../report/model/stored-replay.ts";
import type { AlterationCheck } from "./alterations.ts";
import type { TaxFindings, TaxJudgement } from "./findings.ts";

/** What `tollgate tax` found; `--json` prints this. */
export interface TaxReport extends TaxFindings, TaxJudgement {
  readonly v: 1;
  readonly kind: "tax";
  readonly raw: string;
  readonly gateway: string;
  readonly model: string;
  readonly simulated: boolean;
  readonly createdAt: string;
  readonly machine: string;
  /** From the first question to the last block. */
  readonly seconds: number;
  /** Tokens that a request may generate. */
  readonly maxTokens: number;
  readonly alterations: AlterationCheck;
  /** What the gateway refused and the raw server did not. */
  readonly refused: readonly string[];
  /** What was not measured, and why. */
  readonly notMeasured: readonly string[];
  /** The run directory; null where none is kept. */
  readonly directory: string | null;
}

/** The report with the replay that it was made of, for the page. */
export interface TaxResult {
  readonly tax: TaxReport;
  readonly replay: StoredReplay;
}
