import type { TrainedAnswer } from "../../trainer/trainer.ts";

/** A prompt on the way that the run takes: a bare user message. */
export interface AskedPrompt {
  readonly prompt: string;
  /** The adapter that answers. */
  readonly loraId: string;
  readonly temperature: number;
  /** Tokens; 2048 unless somebody asks for less. */
  readonly maxTokens?: number;
  /** Of the server's draws. */
  readonly seed: number;
}

/** Who answers the prompts of batches and probes. */
export interface Answers extends AsyncDisposable {
  /** What is put before the prompt; null: an agent brings its own. */
  readonly systemPrompt: string | null;
  /** Rejects with TrainerError when there is no answer. */
  answer(question: AskedPrompt, signal: AbortSignal): Promise<Pick<TrainedAnswer, "text" | "finishReason">>;
}

/** Tokens. */
export const answerTokensMax = 2048;
export const answerMs = 120_000;
