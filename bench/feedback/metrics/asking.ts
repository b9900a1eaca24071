import { TollgateError } from "../../errors.ts";
import type { Rollout } from "../files/step-line.ts";
import { TrainerError } from "../trainer/trainer-error.ts";
import type { MetricContext } from "./metric.ts";

/** An answer, or why there is none. */
export type AnswerOrWhy<Answer> = { readonly answer: Answer } | { readonly why: string };

/** What a server does not do is told; what ends the run, and what is wrong with us, is thrown. */
export async function asked<Answer>(
  { signal }: Pick<MetricContext, "signal">,
  ask: () => Promise<Answer>,
): Promise<AnswerOrWhy<Answer>> {
  signal.throwIfAborted();
  try {
    return { answer: await ask() };
  } catch (error) {
    signal.throwIfAborted();
    if (!(error instanceof TollgateError)) throw error;
    return { why: error.message };
  }
}

/** Tokens of an answer: models that think need many. The next one where the server says that the prompt leaves no room for so many. */
const budgets = [2048, 1024, 512, 256] as const;

/** An answer within the largest of the budgets that the server takes. */
export async function askedWithinBudget<Answer>(
  context: Pick<MetricContext, "signal">,
  ask: (maxTokens: number) => Promise<Answer>,
): Promise<AnswerOrWhy<Answer & { readonly maxTokens: number }>> {
  return asked(context, async () => {
    for (const maxTokens of budgets.slice(0, -1)) {
      try {
        return { ...(await ask(maxTokens)), maxTokens };
      } catch (error) {
        if (!leavesNoRoom(error)) throw error;
      }
    }
    const [last] = budgets.slice(-1);
    return { ...(await ask(last ?? 256)), maxTokens: last ?? 256 };
  });
}

function leavesNoRoom(error: unknown): boolean {
  if (!(error instanceof TrainerError) || error.status !== 400) return false;
  return (error.body ?? "").toLowerCase().includes("maximum context length");
}

/** A conversation as rollouts have it; `answer` null: there was none. */
export function conversation(
  { systemPrompt }: Pick<MetricContext, "systemPrompt">,
  prompt: string,
  answer: string | null,
): Rollout["messages"] {
  return [
    ...(systemPrompt === null ? [] : [{ role: "system", content: systemPrompt }]),
    { role: "user", content: prompt },
    ...(answer === null ? [] : [{ role: "assistant", content: answer }]),
  ];
}
