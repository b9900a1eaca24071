import type { LoadSample, LoadSession } from "../load/load.ts";
import { arrivalOffsetsNs } from "../load/schedule.ts";
import type { Rng } from "../measure/rng.ts";
import type { Sender } from "./rig.ts";

export interface PairedPlan {
  /** Base URLs. */
  readonly baseline: string;
  readonly target: string;
  readonly blocks: number;
  /** Sessions of each of the four legs of a block. */
  readonly sessionsPerLeg: number;
  /** The sessions of one leg; both arms of a pair are given the same ones but for `label`. */
  readonly sessions: (label: string, count: number) => readonly LoadSession[];
  /** Poisson arrivals of sessions: requests meet the engine at any moment of its steps. */
  readonly sessionsPerSecond: number;
  readonly rng: Rng;
}

/** The same request in both arms. */
export interface RequestPair {
  readonly baseline: LoadSample;
  readonly target: LoadSample;
}

export interface PairedOutcome {
  /** Pairs of each ABBA block; without those that did not complete in both arms. */
  readonly blocks: readonly (readonly RequestPair[])[];
  /** Pairs that were dropped because an arm failed. */
  readonly failed: number;
  /** Distinct reasons of them. */
  readonly errors: readonly string[];
}

const timeoutMs = 20_000;

/**
 * Sends the same requests through two ways in ABBA blocks: baseline, target, target, baseline. Drift falls on both alike.
 * A block before the first opens connections and compiles code; it is not counted.
 */
export async function measurePaired(sender: Sender, plan: PairedPlan): Promise<PairedOutcome> {
  const blocks: (readonly RequestPair[])[] = [];
  const errors = new Set<string>();
  let failed = 0;
  for (let block = 0; block <= plan.blocks; block += 1) {
    const pairs = await measureBlock(sender, plan, `b${block}`);
    const complete = pairs.filter(({ baseline, target }) => {
      for (const { error } of [baseline, target]) if (error !== null) errors.add(error);
      return baseline.outcome === "completed" && target.outcome === "completed";
    });
    if (block === 0) continue;
    failed += pairs.length - complete.length;
    blocks.push(complete);
  }
  return { blocks, failed, errors: [...errors] };
}

async function measureBlock(sender: Sender, plan: PairedPlan, label: string): Promise<RequestPair[]> {
  const startsNs = arrivalOffsetsNs(
    { kind: "poisson" },
    { perSecond: plan.sessionsPerSecond, count: plan.sessionsPerLeg, rng: plan.rng },
  );
  const leg = async (url: string, name: string) => {
    const sessions = plan.sessions(`${label}${name}`, plan.sessionsPerLeg);
    const { samples } = await sender.run({
      url,
      sessions,
      pace: { kind: "open", startsNs },
      timeoutMs,
      connectionsMax: null,
      keep: { chunks: false, output: false },
    });
    const byId = new Map(samples.map((sample) => [sample.id, sample]));
    return sessions.flatMap(({ requests }) => requests.flatMap(({ id }) => byId.get(id) ?? []));
  };
  const a1 = await leg(plan.baseline, "a1");
  const b1 = await leg(plan.target, "b1");
  const b2 = await leg(plan.target, "b2");
  const a2 = await leg(plan.baseline, "a2");
  return [...pairUp(a1, b1), ...pairUp(a2, b2)];
}

function pairUp(baselines: readonly LoadSample[], targets: readonly LoadSample[]): RequestPair[] {
  return baselines.flatMap((baseline, at) => {
    const target = targets[at];
    return target === undefined ? [] : [{ baseline, target }];
  });
}

/** Milliseconds from sending to the first token; null where one of them is not known. */
export function firstTokenMs({ sentNs, firstTokenNs }: LoadSample): number | null {
  return sentNs === null || firstTokenNs === null ? null : (firstTokenNs - sentNs) / 1e6;
}

/** Milliseconds from sending to the end of the answer; null when it was never sent. */
export function endToEndMs({ sentNs, endedNs }: LoadSample): number | null {
  return sentNs === null ? null : (endedNs - sentNs) / 1e6;
}

/** Differences target - baseline of one metric, by block. */
export function differences(
  { blocks }: PairedOutcome,
  metricMs: (sample: LoadSample) => number | null,
): readonly (readonly number[])[] {
  return blocks.map((pairs) =>
    pairs.flatMap(({ baseline, target }) => {
      const [before, after] = [metricMs(baseline), metricMs(target)];
      return before === null || after === null ? [] : [after - before];
    }),
  );
}
