import { planLooks, type InterimAnalyses } from "../../statistics/group-sequential.ts";
import type { ReplayPlan } from "../../store/replay-plan.ts";

/** Fewer blocks give no interval worth printing. */
export const blocksMin = 4;

/** When a replay looks at what it has, and how sure its intervals are: all of them hold together with 95 %. */
export function interimAnalyses({ until, blocks }: Pick<ReplayPlan, "until" | "blocks">): InterimAnalyses {
  return until === null ? { at: [blocks], confidence: 0.95 } : planLooks(blocksMin, blocks, 0.95);
}
