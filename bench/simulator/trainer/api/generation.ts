import type { LikelyToken } from "../model/likelihood.ts";
import { type HeardMessage, questionOf } from "../model/prompt.ts";
import { type Progress, speak } from "../model/speak.ts";
import { withoutThinking } from "../model/visible.ts";
import type { TrainerCore } from "../core/trainer-core.ts";
import { TrainerApiError, Uncaught } from "./http.ts";

export interface SpokenRequest {
  readonly model: string;
  readonly messages: readonly HeardMessage[];
  readonly maxTokens: number | null;
  readonly temperature: number | null;
  readonly seed: number | null;
  readonly topLogprobs: number;
}

/** An answer as the model gave it, and as clients see it. */
export interface Generated {
  readonly visible: string;
  readonly tokens: readonly LikelyToken[];
  /** Tokens before the first visible one. */
  readonly hiddenTokens: number;
  readonly promptTokens: number;
  readonly isCut: boolean;
}

const topLogprobsMax = 20;

/** @throws TrainerApiError for a model that is not served, and for a request that is longer than the context */
export function generate(core: TrainerCore, request: SpokenRequest): Generated {
  const progress = core.adapters.progressOf(request.model);
  if (progress === null) {
    // The service hands the name on to its engine, whose 404 nothing catches.
    core.io.err(`simulated trainer: no model ${JSON.stringify(request.model)} is served`);
    throw new Uncaught();
  }
  if (request.topLogprobs > topLogprobsMax) {
    core.io.err(
      `simulated trainer: ${request.topLogprobs} alternatives of a token were asked for; engines give ${topLogprobsMax} at most`,
    );
    throw new Uncaught();
  }
  const promptTokens = checkedLength(core, request);
  const question = questionOf(request.messages);
  const sample = sampleOf(core, request, { progress, question });
  const raw = `${thoughtOf(core, question)}${core.faults.strikes("empty_answer") ? "" : speak(core.law, progress, { question, sample })}`;
  const ids = core.tokenizer.encode(raw);
  const kept = request.maxTokens === null ? ids : ids.slice(0, Math.max(1, request.maxTokens));
  const isCut = kept.length < ids.length;
  const text = isCut ? core.tokenizer.decode(kept) : raw;
  const visible = core.law.strips_thinking ? withoutThinking(text) : text;
  return {
    visible,
    tokens: core.likelihood.ofOwn({ raw: text, visible }, progress, { question, top: request.topLogprobs }),
    hiddenTokens: core.law.strips_thinking
      ? Math.max(0, kept.length - core.tokenizer.encode(visible).length)
      : 0,
    promptTokens,
    isCut,
  };
}

export function promptTokensOf(core: TrainerCore, messages: readonly HeardMessage[]): number {
  // A few tokens mark the role and the end of each message.
  return messages.reduce((sum, { content }) => sum + core.tokenizer.encode(content).length + 4, 3);
}

function checkedLength(core: TrainerCore, { messages, maxTokens }: SpokenRequest): number {
  const promptTokens = promptTokensOf(core, messages);
  const asked = promptTokens + (maxTokens ?? 0);
  const limit = core.law.context_length;
  if (asked <= limit) return promptTokens;
  throw new TrainerApiError(
    400,
    `This model's maximum context length is ${limit} tokens. However, you requested ${asked} tokens ` +
      `(${promptTokens} in the messages, ${maxTokens ?? 0} in the completion).`,
  );
}

/** With a seed a sample depends on what was sent alone; without one it is told from its like by how often the same was asked. */
function sampleOf(
  core: TrainerCore,
  { temperature, seed, model }: SpokenRequest,
  { progress, question }: { readonly progress: Progress; readonly question: string },
): string | null {
  if (temperature === null || temperature <= 0) return null;
  if (seed !== null) return `seed ${seed}`;
  return `time ${core.timesAsked(JSON.stringify([model, progress.updates, question]))}`;
}

function thoughtOf({ law }: TrainerCore, question: string): string {
  const thought = `The user asks: ${question.slice(0, 80)}. I should answer.`;
  if (law.thinking === "block") return `<think>\n${thought}\n</think>\n\n`;
  return law.thinking === "orphan" ? `${thought}\n</think>\n\n` : "";
}
