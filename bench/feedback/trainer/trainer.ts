/**
 * The contract between the loop and what trains: a service that answers as a model and learns from feedback while it does
 * (`http-trainer.ts` speaks to one over HTTP). Everything rejects with `TrainerError`.
 */
export interface Trainer {
  /** Where chat requests go, ending in `/v1`. */
  readonly baseUrl: string;
  /** A fresh adapter of the base model; returns the id by which the trainer knows it. */
  init(request: { readonly loraId: string; readonly baseModel: string }): Promise<string>;
  /** One update of the adapter by a batch. */
  feedback(batch: FeedbackBatch, signal: AbortSignal): Promise<FeedbackResult>;
  /** What updates an adapter has had, none that still runs; null where the trainer does not tell. */
  updates(loraId: string): Promise<AdapterUpdates | null>;
  /** The same for a model: what it answers, and how likely answers are to it. */
  modelOf(loraId: string): AskedModel;
}

export interface AskedMessage {
  readonly role: "system" | "user" | "assistant";
  readonly content: string;
}

export interface FeedbackBatch {
  readonly loraId: string;
  readonly samples: readonly { readonly prompt: string; readonly response: string }[];
  /** Said of each sample. */
  readonly feedback: string;
  /** Passed on as it is, e.g. `learning_rate`. */
  readonly training: Readonly<Record<string, number>>;
}

export interface FeedbackResult {
  /** Numbers that the trainer told of the update, e.g. `distill_loss`; empty where it told none. */
  readonly metrics: Readonly<Record<string, number | null>>;
  /** Tokens of the answers that were trained on; null where the trainer does not tell. */
  readonly trainedTokens: number | null;
}

export interface AdapterUpdates {
  readonly count: number;
  /** What the last one answered, or would have if nobody had died meanwhile; null before the first. */
  readonly last: FeedbackResult | null;
}

/** One model of a trainer, as metrics ask it. */
export interface AskedModel {
  complete(request: CompletionRequest): Promise<TrainedAnswer>;
  /** Of a given answer, in nats. null where the server has no such endpoint, or gives no log-probabilities. */
  score(messages: readonly AskedMessage[], completion: string): Promise<AnswerLikelihood | null>;
}

export interface CompletionRequest {
  readonly messages: readonly AskedMessage[];
  readonly temperature: number;
  /** Tokens. */
  readonly maxTokens: number;
  /** How many alternatives of each token are asked for; absent: no log-probabilities. */
  readonly topLogprobs?: number;
  /** Of the server's draws. Absent: the server's own choice. */
  readonly seed?: number;
}

export interface TrainedAnswer {
  readonly text: string;
  readonly finishReason: string | null;
  /** One per generated token; null where the server gave none. */
  readonly tokens: readonly CompletionToken[] | null;
}

export interface CompletionToken {
  readonly text: string;
  /** Nats. */
  readonly logprob: number;
  /** The likeliest tokens at this place, in nats; may be fewer than were asked for. */
  readonly top: readonly number[];
}

export interface AnswerLikelihood {
  /** Sum over the tokens of the completion, nats. */
  readonly logprob: number;
  readonly tokens: number;
}
