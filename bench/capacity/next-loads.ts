import type { CapacitySettings } from "../config/capacity-schema.ts";
import type { SloFinding } from "../analysis/slo/assess.ts";

/** What is known of an arm's loads; null: not measured. */
export interface KnownLoads {
  /** Loads of which anything was measured. */
  readonly measured: readonly number[];
  /** What one cell shows, without a decision. `unknown`: it shows nothing, which is no reason to go higher. */
  readonly shown: (agents: number) => "within" | "beyond" | "unknown" | null;
  /** What all repetitions at a load decide. */
  readonly decided: (agents: number) => SloFinding | null;
}

/** What an arm needs next: one cell to see where the limit is, or all repetitions of loads that decide. */
export type NextLoads =
  | { readonly kind: "look"; readonly agents: number }
  | { readonly kind: "decide"; readonly agents: readonly number[] };

/**
 * The search of one arm, step by step; null: it is over. One cell each at doubled loads until one is beyond the limits; then loads in
 * the middle, until the last that is within and the first that is beyond are neighbours. What these cells showed decides
 * nothing, for the edge was chosen by them: at both sides of it new cells are measured, with repetitions, and where they cannot
 * tell the next load further out, in steps that double. When one load is known to hold and one not to, what lies between them is
 * halved until the ends are near to loads that cannot tell.
 */
export function nextLoads(known: KnownLoads, settings: CapacitySettings): NextLoads | null {
  const edge = edgeOf(known, settings);
  if (typeof edge === "number") return { kind: "look", agents: edge };
  const { within, beyond } = edge;
  const below = within === null ? [] : outward(within, -1, settings);
  const above = beyond === null ? [] : outward(beyond, 1, settings);
  const decided = [...below, ...above].map(known.decided);
  const needed = [
    ...(decided.includes("met") ? [] : firstOpen(below, known)),
    ...(decided.includes("missed") ? [] : firstOpen(above, known)),
  ];
  const agents = needed.length > 0 ? needed : between(known, settings);
  return agents.length === 0 ? null : { kind: "decide", agents };
}

/** Of its load: an end of the range that is so near to the next load that cannot tell stays as it is. */
const nearShare = 0.1;

/** Loads in the middle between each end of the range and the nearest load that does not belong to its side. */
function between({ measured, decided }: KnownLoads, settings: CapacitySettings): readonly number[] {
  const of = (holds: (finding: SloFinding) => boolean) =>
    measured.filter((agents) => {
      const finding = decided(agents);
      return finding !== null && holds(finding);
    });
  const low = Math.max(...of((finding) => finding === "met"));
  const high = Math.min(...of((finding) => finding === "missed"));
  const above = Math.min(...of((finding) => finding !== "met").filter((agents) => agents > low));
  const below = Math.max(...of((finding) => finding !== "missed").filter((agents) => agents < high));
  return [
    ...new Set([middleOf(low, above, settings), middleOf(below, high, settings)].flatMap((one) => one ?? [])),
  ];
}

function middleOf(low: number, high: number, settings: CapacitySettings): number | null {
  const gap = high - low;
  if (!Number.isFinite(gap) || gap <= Math.max(stepAt(low, settings), Math.floor(low * nearShare)))
    return null;
  return Math.floor((low + high) / 2);
}

interface Edge {
  /** Last load that one cell showed within the limits; null: not even the smallest. */
  readonly within: number | null;
  /** First load that one cell showed beyond them; null: not even the largest. */
  readonly beyond: number | null;
}

/** The edge, or the load that has to be looked at to find it. */
function edgeOf({ shown }: KnownLoads, settings: CapacitySettings): Edge | number {
  const { from, to } = settings;
  let within: number | null = null;
  let beyond: number | null = null;
  for (let agents = from; beyond === null; agents = Math.min(to, 2 * agents)) {
    const seen = shown(agents);
    if (seen === null) return agents;
    if (seen !== "within") beyond = agents;
    else if (agents >= to) return { within: agents, beyond: null };
    else within = agents;
  }
  while (within !== null && beyond - within > stepAt(within, settings)) {
    const middle = Math.floor((within + beyond) / 2);
    const seen = shown(middle);
    if (seen === null) return middle;
    if (seen === "within") within = middle;
    else beyond = middle;
  }
  return { within, beyond };
}

function stepAt(agents: number, { resolution }: CapacitySettings): number {
  return Math.max(1, Math.floor(agents * resolution));
}

/** Loads from the edge to the end of the range, in steps that double. */
function outward(edge: number, direction: 1 | -1, settings: CapacitySettings): readonly number[] {
  const { from, to } = settings;
  const loads = [edge];
  for (let step = stepAt(edge, settings), at = edge; ; step *= 2) {
    at = Math.min(to, Math.max(from, at + direction * step));
    if (at === loads.at(-1)) return loads;
    loads.push(at);
  }
}

/** The first that is not decided; what lies further out is looked at only where that cannot tell. */
function firstOpen(loads: readonly number[], { decided }: KnownLoads): readonly number[] {
  const open = loads.find((agents) => decided(agents) === null);
  return open === undefined ? [] : [open];
}
