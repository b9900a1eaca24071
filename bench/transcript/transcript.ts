import type { TokenUsage } from "../answer/answer.ts";

/** What was said and done, once, in order. `system` and `tools` are what the model must have seen, byte for byte. */
export interface Transcript {
  readonly system: string;
  /** JSON text of the OpenAI `tools` array. */
  readonly tools: string;
  readonly messages: readonly TranscriptMessage[];
}

export interface TranscriptToolCall {
  readonly id: string;
  readonly name: string;
  readonly arguments: string;
}

export type TranscriptMessage =
  | {
      readonly role: "assistant" | "user";
      readonly content: string | null;
      /** What the model thought before it spoke; absent where it gave none. */
      readonly reasoning?: string;
      readonly toolCalls: readonly TranscriptToolCall[] | null;
      /** The model request that produced it; null for the greeting. */
      readonly requestId: string | null;
      readonly usage: TokenUsage | null;
    }
  | {
      readonly role: "tool";
      readonly toolCallId: string;
      readonly content: string;
      readonly error: boolean;
      readonly requestor: "assistant" | "user";
      /** Who answered: the tool server, or the agent program by itself (schema-invalid calls). */
      readonly answeredBy: "tool-server" | "agent";
    };
