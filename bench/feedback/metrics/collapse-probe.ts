import type { AskedMessage } from "../trainer/trainer.ts";
import type { MetricContext } from "./metric.ts";

export const collapsePrompt = "Tell me something about the ocean that few people know.";

/** The model is asked itself: no agent passes on temperatures and log-probabilities. */
export function collapseMessages({ systemPrompt }: MetricContext): readonly AskedMessage[] {
  const user = { role: "user", content: collapsePrompt } as const;
  return systemPrompt === null ? [user] : [{ role: "system", content: systemPrompt }, user];
}
