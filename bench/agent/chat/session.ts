import { identityHeaders } from "../../workload/exchange.ts";
import type { AgentSession, AgentSessionRequest, AgentTurn } from "../agent.ts";
import type { ChatClient } from "../model/chat-client.ts";
import type { ChatMessage } from "../model/chat-message.ts";
import { ModelError } from "../model/model-error.ts";
import { Deadline } from "../../measure/deadline.ts";

export interface ChatSessionParts {
  readonly client: Pick<ChatClient, "complete">;
  readonly request: AgentSessionRequest;
  /** Longest time of the one model request. */
  readonly callTimeoutMs: number;
}

/** Asks the model once. */
export class ChatSession implements AgentSession {
  readonly #parts: ChatSessionParts;
  #asked = false;

  constructor(parts: ChatSessionParts) {
    this.#parts = parts;
  }

  async turn(text: string, signal: AbortSignal): Promise<AgentTurn> {
    if (this.#asked) {
      const message = "Agent chat makes one request an episode, and the workload asked for another turn.";
      return { status: "agent-error", kind: "second_turn", message };
    }
    this.#asked = true;
    const { turnTimeoutMs } = this.#parts.request;
    using deadline = new Deadline(turnTimeoutMs);
    try {
      const { content, finishReason } = await this.#ask(text, AbortSignal.any([signal, deadline.signal]));
      if (content !== null && content !== "") return { status: "answered", text: content };
      const message = `The model said nothing (finish reason ${finishReason}).`;
      return { status: "agent-error", kind: "empty_message", message };
    } catch (error) {
      if (signal.aborted) return { status: "aborted" };
      if (deadline.over) return { status: "timed-out", afterMs: turnTimeoutMs };
      if (error instanceof ModelError)
        return { status: "model-unavailable", message: error.message, requestId: this.#requestId };
      throw error;
    }
  }

  /** The body is built here, so nothing has to be restored. */
  promptMisses(): number {
    return 0;
  }

  async [Symbol.asyncDispose](): Promise<void> {}

  get #requestId(): string {
    return `${this.#parts.request.attemptKey}-a1`;
  }

  #ask(text: string, signal: AbortSignal) {
    const { callTimeoutMs, client, request } = this.#parts;
    const { attemptKey, endpoint, episodeId, greeting, sampling, system } = request;
    const opening: ChatMessage[] = greeting === null ? [] : [{ role: "assistant", content: greeting }];
    return client.complete({
      endpoint,
      headers: {
        [identityHeaders.request]: this.#requestId,
        [identityHeaders.episode]: episodeId,
        [identityHeaders.attempt]: attemptKey,
      },
      messages: [{ role: "system", content: system }, ...opening, { role: "user", content: text }],
      toolsJson: null,
      sampling,
      stream: true,
      timeoutMs: callTimeoutMs,
      signal,
    });
  }
}
