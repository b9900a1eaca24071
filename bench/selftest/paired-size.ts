import type { PairedPlan } from "./paired-arms.ts";

/** How much is sent: blocks, sessions in each of a block's four legs, and their rate. */
export type PairedSize = Pick<PairedPlan, "blocks" | "sessionsPerLeg" | "sessionsPerSecond">;
