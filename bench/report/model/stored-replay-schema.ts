import { z } from "zod";
import { cellFidelitySchema } from "../../analysis/cell/cell-fidelity.ts";
import { verdictReasonSchema, verdicts } from "../../analysis/cell/verdict.ts";
import { storedEngineSchema } from "../../evidence/server-facts.ts";
import { preflightRecordSchema } from "../../store/preflight-record.ts";
import { replayPlanSchema } from "../../store/replay-plan.ts";

/**
 * `report.json` of a replay, for readers outside. The report itself is built by `buildReplayReport`, whose types say the same; keys
 * that are not named here may be there.
 */
const number = z.number().nullable();
const setting = replayPlanSchema.shape.settings.element;
const arm = replayPlanSchema.shape.arms.element;

const interval = z
  .object({
    estimate: z.number(),
    low: z.number(),
    high: z.number(),
    confidence: z.number(),
    method: z.string(),
    units: z.int().describe("Independent units behind it: blocks"),
  })
  .nullable()
  .describe("null where too little is known");

const difference = z
  .object({
    interval,
    count: z.int().describe("Requests or sessions in all blocks together"),
    baselineMean: number,
    armMean: number,
    median: interval.optional(),
    margin: z
      .object({
        verdict: z.enum(["inside", "outside", "cannot-tell"]),
        moreUnits: number,
        limitMs: z.number(),
      })
      .nullable(),
  })
  .describe("Arm minus baseline, milliseconds");

const distribution = z
  .object({
    count: z.int(),
    mean: number,
    min: number,
    max: number,
    standardDeviation: number,
    p50: number,
    p75: number,
    p90: number,
    p95: number,
    p99: number,
  })
  .describe("A percentile is null where there are too few values for it");

const tail = z.record(z.string(), z.object({ baseline: z.number(), arm: z.number(), interval }).nullable());

const armRow = z.object({
  setting,
  arm,
  requests: z.int(),
  failed: z.int(),
  ttftMs: distribution,
  ttftIntendedMs: distribution.describe("From the time at which the plan wanted the request sent"),
  itlMs: distribution,
  e2eMs: distribution,
  latenessMs: distribution,
  promptTokensMean: number,
  cachedTokensMean: number,
  sessionOpenMs: number,
  sessionExportMs: number,
  pathMs: number.describe("Between the taps, mean; null: not tapped or not joined"),
  joined: z.object({ samples: z.int(), requests: z.int() }),
});

const comparison = z.object({
  setting,
  arm,
  blocks: z.int(),
  metrics: z.record(z.string(), difference),
  session: difference.describe("Sum of the end-to-end times of a conversation's requests"),
  tails: z.record(z.string(), tail),
  path: z.record(z.string(), difference).nullable().describe("Between the taps; null: not available"),
  firstTokenRefused: z.string().optional(),
  strata: z.array(
    z.object({
      from: z.number(),
      to: number.describe("Excluded; null: no upper bound"),
      e2e: difference,
    }),
  ),
  dropped: z.record(z.string(), z.int()).describe("Requests that are in no difference, by reason"),
  otherText: z.int(),
  altered: z.string().optional(),
  cachedTokens: z.object({ baseline: z.number(), arm: z.number() }).nullable(),
  streaming: z.enum(["comparable", "simulated", "unknown"]),
});

export const storedReplaySchema = z.object({
  v: z.literal(1),
  kind: z.literal("replay"),
  verdict: z.enum(verdicts),
  reasons: z.array(verdictReasonSchema),
  runId: z.string(),
  experiment: z.string(),
  createdAt: z.string(),
  simulated: z.boolean(),
  machine: z.string(),
  plan: replayPlanSchema,
  confidence: z.number(),
  looks: z.int(),
  arms: z.array(armRow),
  comparisons: z.array(comparison),
  fidelity: z.array(z.object({ cell: z.string(), fidelity: cellFidelitySchema })).optional(),
  blockSeconds: z.record(z.string(), number),
  aboveProxy: z
    .array(
      z.object({
        setting: z.string(),
        arm: z.string(),
        proxy: z.string(),
        ttft: difference,
        e2e: difference,
      }),
    )
    .optional(),
  preflights: z.array(preflightRecordSchema),
  servers: z.array(z.string()),
  engines: z.object({ agent: storedEngineSchema.optional(), user: storedEngineSchema.optional() }).optional(),
});
