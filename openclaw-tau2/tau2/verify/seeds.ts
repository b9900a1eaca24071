import { trialSeeds } from "../python/random.ts";
import { asDict, asList, goldenJson, hasGoldenFile } from "./golden-file.ts";
import type { VerifyInput } from "./input.ts";
import { RowCounter } from "./row.ts";
import type { VerifyRow } from "./row.ts";

const FILE = "trial_seeds.json";

/** Trial seeds by base seed. */
export function checkSeeds({ goldenDirectory }: VerifyInput): VerifyRow[] {
  if (!hasGoldenFile(goldenDirectory, FILE)) return [];
  const counter = new RowCounter("all", "seeds");
  for (const [base, value] of asDict(goldenJson(goldenDirectory, FILE))) {
    const expected = asList(value);
    const drawn = trialSeeds(BigInt(base), expected.length);
    for (const [trial, seed] of drawn.entries()) {
      counter.count(seed === expected[trial], () => `base ${base}, trial ${trial}: ${seed}`);
    }
  }
  return [counter.row()];
}
