import type { Rollout } from "../files/step-line.ts";
import { verifyAnswer } from "../verifiers/verify-answer.ts";
import { askedWithinBudget, conversation } from "./asking.ts";
import type { FeedbackMetric, MetricContext, Missing } from "./metric.ts";

/** As the original: of a preference's prompts the first three. */
const probesMax = 3;

/** How far answers to a preference's own prompts follow it: the mean of what its verifier gives. */
export const compliance: FeedbackMetric = {
  name: "compliance",
  atStep: () => true,
  measure: async (context) => {
    const probes: Probed[] = [];
    for (const [index, prompt] of context.preference.probes.slice(0, probesMax).entries())
      probes.push(await probe(prompt, `compliance, probe ${index + 1}`, context));
    const scores = probes.flatMap(({ score }) => (score === null ? [] : [score]));
    const sum = scores.reduce((total, score) => total + score, 0);
    return {
      fields: { preference_compliance: scores.length === 0 ? null : sum / scores.length },
      rollouts: probes.map(({ rollout }) => rollout),
      missing: probes.flatMap(({ missing }) => missing),
    };
  },
};

interface Probed {
  readonly score: number | null;
  readonly rollout: Rollout;
  readonly missing: readonly Missing[];
}

async function probe(prompt: string, on: string, context: MetricContext): Promise<Probed> {
  const { name, verifier } = context.preference;
  const found = await askedWithinBudget(context, (maxTokens) =>
    context.generate(prompt, { temperature: 0, maxTokens }),
  );
  if ("why" in found) {
    const metadata = { error: found.why, verifier: name };
    const rollout = { metric: "compliance", messages: conversation(context, prompt, null), metadata };
    return { score: null, rollout, missing: [{ on, why: found.why }] };
  }
  const { text, finishReason, maxTokens } = found.answer;
  const { score, passed, detail } = await verifyAnswer(verifier, text, { prompt, signal: context.signal });
  const metadata = {
    verifier: name,
    score,
    passed,
    detail,
    max_tokens_used: maxTokens,
    finish_reason: finishReason,
  };
  const rollout = { metric: "compliance", messages: conversation(context, prompt, text), metadata };
  return {
    score,
    rollout,
    missing:
      score === null ? [{ on, why: `its answer could not be judged: ${detail ?? "no reason given"}` }] : [],
  };
}
