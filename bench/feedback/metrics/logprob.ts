import type { LogprobPair } from "../preferences/preference.ts";
import type { AnswerLikelihood, AskedMessage } from "../trainer/trainer.ts";
import { asked, type AnswerOrWhy } from "./asking.ts";
import type { FeedbackMetric, MeasuredMetric, MetricContext } from "./metric.ts";

/**
 * How much likelier the preferred answers are to the model than the others. A pair that could not be scored leaves no margin: the
 * mean of the others would be held against a baseline of all.
 */
export const logprob: FeedbackMetric = {
  name: "logprob",
  atStep: () => true,
  measure: async (context) => {
    const { pairs } = context.preference;
    if (pairs.length === 0) return nothing("the preference has no logprob_pairs");
    const scored: ScoredPair[] = [];
    for (const [index, pair] of pairs.entries()) {
      const of = pairs.length === 1 ? "" : `pair ${index + 1}: `;
      const preferred = await scoreOf(pair, pair.preferred, context);
      if ("why" in preferred) return nothing(`${of}the preferred answer: ${preferred.why}`);
      const dispreferred = await scoreOf(pair, pair.dispreferred, context);
      if ("why" in dispreferred) return nothing(`${of}the other answer: ${dispreferred.why}`);
      scored.push({ preferred: preferred.answer, dispreferred: dispreferred.answer });
    }
    const margins = scored.map(({ preferred, dispreferred }) => preferred - dispreferred);
    return {
      fields: {
        logprob_margin: {
          positive_logprob: mean(scored.map(({ preferred }) => preferred)),
          negative_logprob: mean(scored.map(({ dispreferred }) => dispreferred)),
          margin: mean(margins),
          margin_delta_from_baseline: deltaOf(margins, context),
        },
      },
      rollouts: [],
      missing: [],
    };
  },
};

interface ScoredPair {
  readonly preferred: number;
  readonly dispreferred: number;
}

const nothing = (why: string): MeasuredMetric => ({
  fields: { logprob_margin: null },
  rollouts: [],
  missing: [{ on: "logprob", why }],
});

async function scoreOf(
  { prompt }: LogprobPair,
  completion: string,
  context: MetricContext,
): Promise<AnswerOrWhy<number>> {
  const messages = withSystemPrompt(prompt, context);
  const found = await asked(context, () => context.model.score(messages, completion));
  if ("why" in found) return found;
  if (found.answer === null) return { why: "the trainer gives no log-probabilities of given answers" };
  const why = faultOf(found.answer);
  return why === null ? { answer: found.answer.logprob } : { why };
}

/** What no sum of logarithms of probabilities can be. */
function faultOf({ logprob: sum, tokens }: AnswerLikelihood): string | null {
  if (!Number.isFinite(sum)) return `the trainer says that its log-probability is ${sum}`;
  if (tokens <= 0) return `the trainer says that it has ${tokens} tokens`;
  // Sums of rounded numbers may end a little above 0.
  return sum > 1e-3 * tokens ? `the trainer says that its log-probability is ${sum}, which is above 0` : null;
}

/** A prompt that has a system message keeps it. */
function withSystemPrompt(
  prompt: readonly AskedMessage[],
  { systemPrompt }: MetricContext,
): readonly AskedMessage[] {
  if (systemPrompt === null || prompt.some(({ role }) => role === "system")) return prompt;
  return [{ role: "system", content: systemPrompt }, ...prompt];
}

function deltaOf(margins: readonly number[], { baseline }: MetricContext): number | null {
  if (baseline === null) return 0;
  const before = baseline.logprob_margin?.margin;
  return before === undefined ? null : mean(margins.map((margin) => margin - before));
}

/** In this order of additions: the original's last digits come of it. */
const mean = (numbers: readonly number[]) => numbers.reduce((sum, one) => sum + one, 0) / numbers.length;
