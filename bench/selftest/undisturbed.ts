import { setTimeout as sleep } from "node:timers/promises";
import { stolenShare } from "../measure/stolen-time.ts";
import type { Rig } from "./rig.ts";

/** What was measured while the machine had its processors. */
export interface Undisturbed<Result> {
  readonly kept: readonly Result[];
  /** How often it was measured again, because the hypervisor took the processors meanwhile. */
  readonly repeated: number;
}

/** Repetitions for each time that was planned: a neighbour that never rests must not hold a self-test for ever. */
const repeatsMax = 2;

/**
 * Measures `times` times and repeats what the hypervisor disturbed, after a pause, because its other guests compute in
 * spells; when that was too often, everything counts. Whether a result counts is decided by the kernel's account of stolen
 * time alone, never by the result.
 *
 * @param limits.stolenShareMax share of all processors' time, 0..1
 * @param measure told how often it was called before
 */
export async function undisturbed<Result>(
  { processors, pauseMs }: Pick<Rig, "processors" | "pauseMs">,
  { times, stolenShareMax }: { readonly times: number; readonly stolenShareMax: number },
  measure: (at: number) => Promise<Result>,
): Promise<Undisturbed<Result>> {
  const kept: Result[] = [];
  let repeated = 0;
  while (kept.length < times) {
    const before = processors();
    const result = await measure(kept.length + repeated);
    const stolen = stolenShare(before, processors()) ?? 0;
    if (stolen > stolenShareMax && repeated < repeatsMax * times) {
      repeated += 1;
      await sleep(pauseMs);
    } else kept.push(result);
  }
  return { kept, repeated };
}
