import type { ReplayArm, ReplaySetting } from "./replay-plan.ts";

/** A replay's cell: one setting with one arm. */
export function cellIdOf(setting: ReplaySetting, arm: ReplayArm): string {
  return `${setting.key}.${arm.label}`;
}

/** A replay's segment: one arm's turn in a block. */
export function segmentIdOf(leg: { readonly block: number; readonly position: number }): string {
  return `b${String(leg.block).padStart(3, "0")}-p${leg.position}`;
}
