import { z } from "zod";
import { preflightRecordSchema } from "../../store/preflight-record.ts";
import { plannedCoverageSchema } from "../../store/run-json.ts";
import { failureGroupSchema } from "../../analysis/cell/failures.ts";
import { cellSummarySchema } from "../../analysis/cell/cell-summary.ts";
import { cellLedgerSchema } from "../../analysis/ledger/cell-ledger.ts";
import { exclusionSchema } from "../../analysis/exclusions.ts";
import { storedEngineSchema } from "../../evidence/server-facts.ts";
import { variationSchema } from "../../analysis/variance/variation.ts";
import { floorSchema } from "../../analysis/overhead/floor.ts";
import { overheadSchema } from "../../analysis/overhead/overhead.ts";
import { capacityAnswerSchema } from "../../analysis/capacity/capacity-answer.ts";
import { lengthReportSchema } from "../../analysis/lengths/length-report.ts";
import { cellPowerSchema } from "../../analysis/power/cell-power.ts";
import { variantReportSchema } from "../../analysis/variants/variant-report.ts";
import { sloReportSchema } from "../../analysis/slo/slo-report.ts";
import { passAtKReportSchema } from "../../analysis/scores/pass-at-k-report.ts";
import { axisReportSchema } from "../../analysis/scores/axis-report.ts";
import { scoreReportSchema } from "../../analysis/scores/score-report.ts";

/** What ended badly in one way, over all cells, with what the first such episode said. */
const runFailureSchema = failureGroupSchema.extend({
  cells: z.array(z.object({ cellId: z.string(), count: z.number().int() })),
});
export type RunFailure = z.infer<typeof runFailureSchema>;

/** Everything a report says, independent of how it is printed; `report.json` is this. */
export const reportModelSchema = z.object({
  v: z.literal(1),
  run: z.object({
    runId: z.string(),
    experiment: z.string(),
    note: z.string(),
    createdAt: z.string(),
    simulated: z.boolean(),
    state: z.string(),
    agent: z.object({ name: z.string(), version: z.string() }),
    versions: z.record(z.string(), z.string().nullable()),
    /** Which programs the model servers are; absent where nothing was kept of them. */
    engines: z
      .object({ agent: storedEngineSchema.optional(), user: storedEngineSchema.optional() })
      .optional(),
    gitRevision: z.string().nullable(),
    host: z.string(),
    /** What the model servers were asked to be, a line each; absent in reports of an older Tollgate. */
    servers: z.array(z.string()).default([]),
    /** How many GPUs the agent's engine was given; absent where the experiment does not say. */
    agentGpus: z.number().int().optional(),
    /** The same of each variant; absent where the experiment has none, or does not say. */
    variantGpus: z.record(z.string(), z.number().int()).optional(),
  }),
  /** How much of the workload's data the run has; absent where nothing says what the whole would be. */
  coverage: plannedCoverageSchema.optional(),
  /** What was checked before the first cell, once per invocation; none for a run of an older Tollgate. */
  preflights: z.array(preflightRecordSchema),
  cells: z.array(cellSummarySchema),
  /** Failed episodes by class, then agent errors; absent where there are none. */
  failures: z.array(runFailureSchema).optional(),
  /** What tasks are worth by each score, with what that cost; only of a workload that names its scores. */
  scores: scoreReportSchema.optional(),
  /** pass@k by cell and problem; only of a workload that asks for it. */
  passAtK: passAtKReportSchema.optional(),
  /** Scores by what the tasks differ in; only of a workload that names axes. */
  byAxis: axisReportSchema.optional(),
  /** Each of `sweep.variants` against the first; absent where the experiment has none. */
  variants: variantReportSchema.optional(),
  /** Accuracy and speed by the length of the prompt, and what an arm adds to it; only where tasks have an axis `length`. */
  lengths: lengthReportSchema.optional(),
  overheads: z.array(overheadSchema),
  /** How far the repetitions of each load lie apart; absent where the experiment has no `variance:`. */
  variations: z.array(variationSchema).optional(),
  /** The baseline against itself, a load each; absent where no load was repeated. */
  floors: z.array(floorSchema).optional(),
  /** Which cells hold `sweep.slo`; absent where the experiment sets no limits. */
  slo: sloReportSchema.optional(),
  /** The most agents in flight that hold `sweep.slo`; only of a search. */
  capacity: capacityAnswerSchema.optional(),
  /** What the GPUs of the agent's engine drew; absent where nobody measured it. */
  power: z.array(cellPowerSchema).optional(),
  /** Where the time of the episodes went, a ledger per cell that has measured episodes. */
  ledgers: z.array(cellLedgerSchema),
  totals: z.object({
    planned: z.number().int(),
    finished: z.number().int(),
    /** Finished episodes that did not fail and whose trajectory is there: what `export` can write. */
    trajectories: z.number().int(),
    diskBytes: z.object({ all: z.number(), trajectories: z.number(), evidence: z.number() }),
    wastedAttempts: z.number().int(),
    wastedTokens: z.number(),
  }),
  exclusions: z.array(exclusionSchema),
  /** tau2's repetitions in one table row each, as the seed's tables had them. */
  trials: z.array(
    z.object({
      arm: z.string(),
      load: z.string(),
      repetition: z.number().int(),
      variant: z.string().optional(),
      trial: z.number().int(),
      tasks: z.number().int(),
      passed: z.number().int(),
      failed: z.number().int(),
      errors: z.number().int(),
      /** From the first start to the last end, in seconds; trials of a cell overlap. */
      seconds: z.number().nullable(),
    }),
  ),
  /** Judges that were asked after the run; `incomplete`: their answer had not one entry per assertion. */
  judges: z.array(
    z.object({
      model: z.string(),
      url: z.string(),
      rewards: z.number().int(),
      incomplete: z.number().int(),
    }),
  ),
  definitions: z.array(z.object({ term: z.string(), meaning: z.string() })),
  warnings: z.array(z.string()),
});
export type ReportModel = z.infer<typeof reportModelSchema>;
