import type { Experiment } from "../config/experiment.ts";

/** The fields of every request body of an agent, as an experiment pins them. */
export function samplingFields(
  { temperature, topP, topK, maxTokens }: Experiment["sampling"],
  seed: number,
): Record<string, number> {
  return {
    temperature,
    top_p: topP,
    ...(topK > 0 ? { top_k: topK } : {}),
    max_tokens: maxTokens,
    seed,
  };
}
