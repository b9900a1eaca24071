import type { Trainer } from "../../trainer/trainer.ts";
import { answerTokensMax, type Answers } from "./answers.ts";

/** What the trainer puts before a prompt that comes without a system message of its own. */
const system = "You are a helpful assistant.";

/** The trainer's own chat, without an agent. */
export function proxyAnswers(trainer: Trainer): Answers {
  return {
    systemPrompt: system,
    answer: async ({ prompt, loraId, temperature, seed, maxTokens = answerTokensMax }) =>
      await trainer.modelOf(loraId).complete({
        messages: [
          { role: "system", content: system },
          { role: "user", content: prompt },
        ],
        temperature,
        maxTokens,
        seed,
      }),
    [Symbol.asyncDispose]: async () => undefined,
  };
}
