import { z } from "zod";
import { wordsOf } from "../text/python-text.ts";
import { countSentences } from "../text/sentences.ts";
import { verifierKind } from "./kind.ts";

const wordsMin = 10;
const sentencesMax = 3;
/** From here on nothing is left of the score. */
const sentencesZero = 9;

export const concise = verifierKind({
  kind: "concise",
  target: "claas.eval.metrics.verifiers.ConciseVerifier",
  schema: z.strictObject({ kind: z.literal("concise") }),
  make: () => ({
    rule: `at least ${wordsMin} words in at most ${sentencesMax} sentences; the score falls to 0 at ${sentencesZero} sentences`,
    verify: async (response) => {
      const words = wordsOf(response).length;
      const sentences = countSentences(response);
      const detail = `${words} words, ${sentences} sentences`;
      if (words < wordsMin) return { score: 0, passed: false, detail };
      return { score: scoreOf(sentences), passed: sentences <= sentencesMax, detail };
    },
  }),
});

function scoreOf(sentences: number): number {
  if (sentences <= sentencesMax) return 1;
  if (sentences >= sentencesZero) return 0;
  return 1 - (sentences - sentencesMax) / (sentencesZero - sentencesMax);
}
