import { below, createRng } from "../../../bench/statistics/rng.ts";
import type { Material, LongQuestion } from "./material.ts";
import { sentence } from "./prose.ts";
import { placeName } from "./words.ts";

/** One sentence in a text that has nothing to do with it. */
export const needle: Material = {
  opening: "Here is a chronicle. Read it; a question about it follows at the end.",
  question(index): LongQuestion {
    const place = placeName(index);
    const code = String(100_000 + below(createRng(1_000 + index), 900_000));
    const fact = `The access code of the ${place} archive is ${code}.`;
    const key = `access code of the ${place} archive?`;
    return {
      pieces: [fact],
      needs: [fact],
      ask: `What is the ${key} Answer with the code and nothing else.`,
      key,
      expected: [code],
    };
  },
  filler: sentence,
};
