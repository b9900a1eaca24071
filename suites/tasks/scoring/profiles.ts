import { agentbench } from "./agentbench/profile.ts";
import { clawbench } from "./clawbench/profile.ts";
import type { ScoringProfile } from "../contract/scoring-profile.ts";

/** How tasks of each format are scored. */
export const profiles: Readonly<Record<ScoringProfile["format"], ScoringProfile>> = { agentbench, clawbench };
