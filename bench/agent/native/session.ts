import { identityHeaders } from "../../workload/exchange.ts";
import type { TranscriptMessage, TranscriptToolCall } from "../../transcript/transcript.ts";
import type { AgentSession, AgentSessionRequest, AgentTurn } from "../agent.ts";
import { endedBy } from "../ended-by.ts";
import type { ChatClient } from "../model/chat-client.ts";
import { assistantMessage, type ChatMessage } from "../model/chat-message.ts";
import { malformedCall } from "../model/malformed-call.ts";
import { ModelError } from "../model/model-error.ts";
import type { ToolClient } from "../../tools/client.ts";
import { ToolRefusedError } from "../../tools/tool-server-error.ts";
import type { Completion } from "../transcript/completion.ts";
import { Deadline } from "../../measure/deadline.ts";

export interface NativeSessionParts {
  readonly request: AgentSessionRequest;
  readonly client: ChatClient;
  readonly tools: Pick<ToolClient, "call"> & Disposable;
  /** Bearer of the episode's tool calls. */
  readonly token: string;
  /** Longest time of one model request. */
  readonly callTimeoutMs: number;
}

/** tau2's LLM agent: asks the model, carries out its tool calls in order, asks again, until it answers with text. */
export class NativeSession implements AgentSession {
  readonly #parts: NativeSessionParts;
  readonly #messages: ChatMessage[];
  #requests = 0;

  constructor(parts: NativeSessionParts) {
    this.#parts = parts;
    const { greeting, history = [], system } = parts.request;
    this.#messages = [{ role: "system", content: system }, ...asAgent(history)];
    if (greeting !== null && history.length === 0) {
      this.#messages.push({ role: "assistant", content: greeting });
    }
  }

  /** @throws ToolServerError when the tool server is gone: neither the agent nor the model has failed then. */
  async turn(text: string, signal: AbortSignal): Promise<AgentTurn> {
    const { turnTimeoutMs } = this.#parts.request;
    using deadline = new Deadline(turnTimeoutMs, signal);
    this.#messages.push({ role: "user", content: text });
    try {
      return await this.#run(deadline.signal);
    } catch (error) {
      if (signal.aborted) return { status: "aborted" };
      if (deadline.over) return { status: "timed-out", afterMs: turnTimeoutMs };
      if (error instanceof ModelError) {
        return { status: "model-unavailable", message: error.message, requestId: this.#requestId };
      }
      if (error instanceof ToolRefusedError && error.reason === "limit") {
        return { status: "agent-error", kind: "limit", message: error.message };
      }
      throw error;
    }
  }

  /** The body is built here, so nothing has to be restored. */
  promptMisses(): number {
    return 0;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#parts.tools[Symbol.dispose]();
  }

  async #run(signal: AbortSignal): Promise<AgentTurn> {
    for (;;) {
      this.#requests += 1;
      const requestId = this.#requestId;
      const completion = await this.#ask(requestId, signal);
      const fault = faultOf(completion, this.#parts.request.acceptsArguments);
      if (fault !== null) return { status: "agent-error", ...fault };
      this.#messages.push(assistantMessage(completion));
      if (completion.toolCalls === null) return { status: "answered", text: completion.content ?? "" };
      for (const call of completion.toolCalls) {
        signal.throwIfAborted();
        await endedBy(signal, this.#call(call, requestId));
      }
      signal.throwIfAborted();
    }
  }

  /** Identity of the latest model request. */
  get #requestId(): string {
    return `${this.#parts.request.attemptKey}-a${this.#requests}`;
  }

  async #ask(requestId: string, signal: AbortSignal): Promise<Completion> {
    const { callTimeoutMs, client, request } = this.#parts;
    return client.complete({
      endpoint: request.endpoint,
      headers: {
        [identityHeaders.request]: requestId,
        [identityHeaders.episode]: request.episodeId,
        // An attempt may have several sessions, and its requests are counted together.
        [identityHeaders.attempt]: request.endpoint.headers[identityHeaders.attempt] ?? request.attemptKey,
      },
      messages: this.#messages,
      toolsJson: request.tools,
      sampling: request.sampling,
      stream: true,
      timeoutMs: callTimeoutMs,
      signal,
    });
  }

  async #call(call: TranscriptToolCall, requestId: string): Promise<void> {
    const reply = await this.#parts.tools.call({
      token: this.#parts.token,
      name: call.name,
      argumentsText: call.arguments,
      toolCallId: call.id,
      requestId,
    });
    this.#messages.push({ role: "tool", content: reply.content, tool_call_id: call.id });
  }
}

/** A conversation as the agent's model sees it: without the user's tool calls. */
function asAgent(history: readonly TranscriptMessage[]): ChatMessage[] {
  return history.flatMap((message): ChatMessage[] => {
    if (message.role === "tool") {
      const { content, requestor, toolCallId } = message;
      return requestor === "assistant" ? [{ role: "tool", content, tool_call_id: toolCallId }] : [];
    }
    if (message.role === "assistant") return [assistantMessage(message)];
    return message.toolCalls === null ? [{ role: "user", content: message.content ?? "" }] : [];
  });
}

/**
 * What makes tau2 give a simulation up: an answer with nothing in it, or tool arguments that are not a JSON object. There
 * it is an infrastructure error that is retried and then left out of the score; here it is the model's failure, reward 0.
 */
function faultOf(
  completion: Completion,
  acceptsArguments: (text: string) => boolean,
): { readonly kind: string; readonly message: string } | null {
  const { content, finishReason, toolCalls } = completion;
  if (toolCalls !== null) return malformedCall(completion, acceptsArguments);
  if (content !== null && content !== "") return null;
  return { kind: "empty_message", message: `The model said nothing (finish reason ${finishReason}).` };
}
