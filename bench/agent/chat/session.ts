import { identityHeaders } from "../../workload/exchange.ts";
import type { AgentSession, AgentSessionRequest, AgentTurn } from "../agent.ts";
import type { ChatClient } from "../model/chat-client.ts";
import type { ChatMessage } from "../model/chat-message.ts";
import { malformedCall } from "../model/malformed-call.ts";
import { ModelError } from "../model/model-error.ts";
import { Deadline } from "../../measure/deadline.ts";
import type { ToolClient } from "../../tools/client.ts";
import { ToolRefusedError } from "../../tools/tool-server-error.ts";
import type { TranscriptToolCall } from "../../transcript/transcript.ts";
import { endedBy } from "../ended-by.ts";

export interface ChatSessionParts {
  readonly client: Pick<ChatClient, "complete">;
  readonly request: AgentSessionRequest;
  /** Longest time of the one model request, and of one call. */
  readonly callTimeoutMs: number;
  /** By what calls in the answer are made; null: none are offered. */
  readonly calls: {
    readonly client: Pick<ToolClient, "call"> & Disposable;
    readonly token: string;
  } | null;
}

/** Asks the model once, and makes the calls that it answers with. */
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
    using deadline = new Deadline(turnTimeoutMs, signal);
    try {
      const stop = deadline.signal;
      const completion = await this.#ask(text, stop);
      const { content, finishReason, toolCalls } = completion;
      if (toolCalls !== null && this.#parts.calls !== null) {
        const fault = malformedCall(completion, this.#parts.request.acceptsArguments);
        if (fault !== null) return { status: "agent-error", ...fault };
        for (const call of toolCalls) {
          stop.throwIfAborted();
          await endedBy(stop, this.#call(call));
        }
        return { status: "answered", text: content ?? "" };
      }
      if (content !== null && content !== "") return { status: "answered", text: content };
      const message = `The model said nothing (finish reason ${finishReason}).`;
      return { status: "agent-error", kind: "empty_message", message };
    } catch (error) {
      if (signal.aborted) return { status: "aborted" };
      if (deadline.over) return { status: "timed-out", afterMs: turnTimeoutMs };
      if (error instanceof ModelError)
        return { status: "model-unavailable", message: error.message, requestId: this.#requestId };
      if (error instanceof ToolRefusedError && error.reason === "limit")
        return { status: "agent-error", kind: "limit", message: error.message };
      throw error;
    }
  }

  /** The body is built here, so nothing has to be restored. */
  promptMisses(): number {
    return 0;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#parts.calls?.client[Symbol.dispose]();
  }

  get #requestId(): string {
    return `${this.#parts.request.attemptKey}-a1`;
  }

  async #call({ id, name, arguments: argumentsText }: TranscriptToolCall): Promise<void> {
    const { calls } = this.#parts;
    const requestId = this.#requestId;
    await calls?.client.call({ token: calls.token, name, argumentsText, toolCallId: id, requestId });
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
      toolsJson: this.#parts.calls === null ? null : request.tools,
      sampling,
      stream: true,
      timeoutMs: callTimeoutMs,
      signal,
    });
  }
}
