import type { Rollout } from "../files/step-line.ts";
import { visibleText } from "../text/visible-text.ts";
import { askedWithinBudget, conversation, type AnswerOrWhy } from "./asking.ts";
import { codingPrompt, judgeCoding, type JudgedCoding } from "./coding.ts";
import { instructionProbes, type InstructionProbe } from "./instruction-probes.ts";
import type { FeedbackMetric, MetricContext } from "./metric.ts";

/** Whether the model can still do what has nothing to do with the preference: a program, and three instructions. */
export const general: FeedbackMetric = {
  name: "general",
  atStep: () => true,
  measure: async (context) => {
    const coding = await code(context);
    const probes: Probed[] = [];
    for (const [index, one] of instructionProbes.entries())
      probes.push(await probe(one, `general, instruction ${index + 1}`, context));
    const correct = coding.judged?.correct ?? null;
    const passRate = rateOf(probes);
    const value = {
      coding_correct: correct,
      coding_has_docstring: coding.judged?.hasDocstring ?? null,
      ifeval_pass_rate: passRate,
      general_score: correct === null || passRate === null ? null : 0.5 * Number(correct) + 0.5 * passRate,
    };
    const isEmpty = coding.judged === null && passRate === null;
    return {
      fields: { general: isEmpty ? null : value },
      rollouts: [coding.rollout, ...probes.map(({ rollout }) => rollout)],
      missing: [coding, ...probes].flatMap(({ on, why }) => (why === null ? [] : [{ on, why }])),
    };
  },
};

interface Part {
  readonly on: string;
  readonly rollout: Rollout;
  /** null: nothing is missing. */
  readonly why: string | null;
}

interface Coded extends Part {
  readonly judged: JudgedCoding | null;
}

interface Probed extends Part {
  readonly passed: boolean | null;
}

interface Answered {
  readonly text: string;
  readonly finishReason: string | null;
  readonly maxTokens: number;
}

function ask(prompt: string, context: MetricContext): Promise<AnswerOrWhy<Answered>> {
  return askedWithinBudget(context, (maxTokens) => context.generate(prompt, { temperature: 0, maxTokens }));
}

async function code(context: MetricContext): Promise<Coded> {
  const on = "general, coding";
  const found = await ask(codingPrompt, context);
  if ("why" in found) {
    const metadata = { task: "coding", error: found.why };
    return { on, judged: null, why: found.why, rollout: rollout(codingPrompt, null, { context, metadata }) };
  }
  const { text } = found.answer;
  const judged = await judgeCoding(visibleText(text).text, context);
  const { correct, hasDocstring, verdict, message } = judged;
  const metadata = {
    task: "coding",
    ...budgetOf(found.answer),
    verdict: { correct, has_docstring: hasDocstring },
    judged_as: verdict,
    message,
  };
  const why = correct === null ? `the program could not be judged: ${message ?? verdict}` : null;
  return { on, judged, why, rollout: rollout(codingPrompt, text, { context, metadata }) };
}

async function probe(
  { prompt, follows }: InstructionProbe,
  on: string,
  context: MetricContext,
): Promise<Probed> {
  const found = await ask(prompt, context);
  if ("why" in found) {
    const metadata = { task: "ifeval", error: found.why, passed: null };
    return { on, passed: null, why: found.why, rollout: rollout(prompt, null, { context, metadata }) };
  }
  const { text } = found.answer;
  const visible = visibleText(text).text;
  // An answer of nothing has no word that was forbidden.
  const passed = visible !== "" && follows(visible);
  const metadata = { task: "ifeval", ...budgetOf(found.answer), passed };
  return { on, passed, why: null, rollout: rollout(prompt, text, { context, metadata }) };
}

const budgetOf = ({ maxTokens, finishReason }: Answered) => ({
  max_tokens_used: maxTokens,
  finish_reason: finishReason,
});

function rollout(
  prompt: string,
  answer: string | null,
  { context, metadata }: { readonly context: MetricContext; readonly metadata: Rollout["metadata"] },
): Rollout {
  return { metric: "general", messages: conversation(context, prompt, answer), metadata };
}

/** Of all of them: a share of fewer would be held against a baseline of all. */
function rateOf(probes: readonly Probed[]): number | null {
  if (probes.some(({ passed }) => passed === null)) return null;
  return probes.filter(({ passed }) => passed === true).length / probes.length;
}
