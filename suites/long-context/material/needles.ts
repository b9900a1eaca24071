import { below, createRng, shuffled, type Rng } from "../../../bench/statistics/rng.ts";
import { questionCount, type Material, type LongQuestion } from "./material.ts";
import { sentence } from "./prose.ts";
import { names, placeName } from "./words.ts";

const needlesEach = 4;
/** Every so many sentences one is about a vault that nobody asks for. */
const othersEvery = 25;

const fact = (place: string, key: string) => `One of the keys of the ${place} vault is ${key}.`;

/** Several sentences that belong together, among others of their kind. All must be found. */
export const needles: Material = {
  opening: "Here is a chronicle. Read it; a question about it follows at the end.",
  question(index): LongQuestion {
    const place = placeName(index);
    const rng = createRng(2_000 + index);
    // Of a thousand numbers of four digits each: the four differ.
    const keys = shuffled(rng, [1, 3, 5, 7]).map((thousand) => String(thousand * 1000 + below(rng, 1000)));
    const facts = keys.slice(0, needlesEach).map((key) => fact(place, key));
    const key = `four keys of the ${place} vault?`;
    return {
      pieces: facts,
      needs: facts,
      ask: `Which are the ${key} Answer with the four numbers, separated by commas, and nothing else.`,
      key,
      expected: keys,
    };
  },
  filler: (rng: Rng, index) => (index % othersEvery === othersEvery - 1 ? otherVault(rng) : sentence(rng)),
};

function otherVault(rng: Rng): string {
  const place = placeName(questionCount + below(rng, names - questionCount));
  return fact(place, String(2000 + 2000 * below(rng, 4) + below(rng, 1000)));
}
