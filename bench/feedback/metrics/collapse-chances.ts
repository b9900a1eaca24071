import type { Rollout } from "../files/step-line.ts";
import { meanChances } from "../text/entropy.ts";
import { askedWithinBudget, conversation } from "./asking.ts";
import { collapseMessages, collapsePrompt } from "./collapse-probe.ts";
import type { MetricContext, Missing } from "./metric.ts";

export interface MeasuredChances {
  /** Nats per token. */
  readonly entropy: number | null;
  /** Nats per token. */
  readonly logprob: number | null;
  readonly rollouts: readonly Rollout[];
  readonly missing: readonly Missing[];
}

const alternatives = 20;

/** One answer at temperature 0, with what else each of its tokens might have been. */
export async function measureChances(context: MetricContext): Promise<MeasuredChances> {
  const on = "collapse, entropy and log-probability";
  const found = await askedWithinBudget(context, (maxTokens) =>
    context.model.complete({
      messages: collapseMessages(context),
      temperature: 0,
      maxTokens,
      topLogprobs: alternatives,
    }),
  );
  const nothing = { entropy: null, logprob: null };
  if ("why" in found) return { ...nothing, rollouts: [], missing: [{ on, why: found.why }] };
  const { text, tokens, finishReason, maxTokens } = found.answer;
  const chances = meanChances(tokens ?? []);
  const { entropy, logprob } = "why" in chances ? nothing : chances;
  const metadata = {
    task: "entropy_probe",
    mean_entropy: entropy,
    mean_logprob: logprob,
    max_tokens_used: maxTokens,
    finish_reason: finishReason,
  };
  const rollouts = [{ metric: "collapse", messages: conversation(context, collapsePrompt, text), metadata }];
  if ("why" in chances) return { ...nothing, rollouts, missing: [{ on, why: chances.why }] };
  const why = "the server gives no second alternative of any token";
  return {
    entropy,
    logprob,
    rollouts,
    missing: entropy === null ? [{ on: "collapse, entropy", why }] : [],
  };
}
