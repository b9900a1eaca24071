import type { TrainedAnswer } from "../../trainer/trainer.ts";

/** A prompt on the way that the run takes: a bare user message. */
export interface Question {
  readonly prompt: string;
  /** The adapter that answers. */
  readonly loraId: string;
  readonly temperature: number;
  /** Of the server's draws. */
  readonly seed: number;
}

/** Who answers the prompts of batches and probes. */
export interface Answers extends AsyncDisposable {
  /** Rejects with TrainerError when there is no answer. */
  answer(question: Question, signal: AbortSignal): Promise<Pick<TrainedAnswer, "text" | "finishReason">>;
}

/** Tokens. */
export const answerTokensMax = 2048;
export const answerMs = 120_000;
