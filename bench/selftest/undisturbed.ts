import { setTimeout as sleep } from "node:timers/promises";
import { stolenShare } from "../measure/stolen-time.ts";
import type { SelftestStack } from "./selftest-stack.ts";

/** What was measured while the machine had its processors. */
export interface Undisturbed<Result> {
  readonly kept: readonly Result[];
  /** How often it was measured again, because the hypervisor took the processors meanwhile. */
  readonly repeated: number;
}

/** Repetitions for each time that was planned: a neighbour that never rests must not hold a self-test for ever. */
const repeatsMax = 2;
const announcedEach = 10;

/**
 * Measures until `times` results are undisturbed, with a pause after each that is not, because the hypervisor's other
 * guests compute in spells. When it has tried too often it keeps the least disturbed ones. Which results count is decided
 * by the kernel's account of stolen time alone, never by the results.
 *
 * @param limits.acceptedStolenShare share of all processors' time, 0..1
 * @param measure told how often it was called before
 */
export async function undisturbed<Result>(
  { processors, pauseMs, announce }: Pick<SelftestStack, "processors" | "pauseMs" | "announce">,
  { times, acceptedStolenShare }: { readonly times: number; readonly acceptedStolenShare: number },
  measure: (at: number) => Promise<Result>,
): Promise<Undisturbed<Result>> {
  const measured: { readonly at: number; readonly result: Result; readonly stolen: number }[] = [];
  let disturbed = 0;
  const sound = () => measured.filter(({ stolen }) => stolen <= acceptedStolenShare).length;
  while (sound() < times && measured.length < (1 + repeatsMax) * times) {
    const before = processors();
    const result = await measure(measured.length);
    const stolen = stolenShare(before, processors()) ?? 0;
    measured.push({ at: measured.length, result, stolen });
    if (stolen <= acceptedStolenShare) continue;
    disturbed += 1;
    if (disturbed % announcedEach === 0) {
      announce(
        `  the hypervisor took the processors from ${disturbed} of ${measured.length} measurements: they are repeated`,
      );
    }
    await sleep(pauseMs);
  }
  const kept = measured
    .toSorted((a, b) => a.stolen - b.stolen || a.at - b.at)
    .slice(0, times)
    .toSorted((a, b) => a.at - b.at)
    .map(({ result }) => result);
  return { kept, repeated: measured.length - times };
}
