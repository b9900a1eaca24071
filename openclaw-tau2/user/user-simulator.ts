import { identityHeaders } from "../../bench/workload/exchange.ts";
import { UsageSum, type UsageTotal } from "../../bench/workload/usage-sum.ts";
import type { Endpoint } from "../../bench/transcript/endpoint.ts";
import type { TranscriptMessage } from "../../bench/transcript/transcript.ts";
import type { ChatClient } from "../../bench/agent/model/chat-client.ts";
import { assistantMessage, type ChatMessage } from "../../bench/agent/model/chat-message.ts";
import { ModelError } from "../../bench/agent/model/model-error.ts";

export interface UserSimulatorOptions {
  readonly client: Pick<ChatClient, "complete">;
  readonly endpoint: Endpoint;
  readonly systemPrompt: string;
  /** JSON text of the OpenAI tools array; null when the user has no tools. */
  readonly toolsJson: string | null;
  /** `<domain>/<encodeURIComponent(taskId)>/<trial>`: tells the simulated engine which scenario to play. */
  readonly reference: string;
  readonly attemptKey: string;
  /** Fields of every request body; temperature and seed are pinned here. */
  readonly sampling: Readonly<Record<string, number>>;
  readonly callTimeoutMs: number;
}

/** What a user says: text, or calls of the user's tools. */
export type UserMessage = Extract<TranscriptMessage, { readonly role: "assistant" | "user" }>;

/**
 * tau2's user simulator over a chat endpoint. What the user knows is the history it is given; the simulator itself only
 * counts its requests.
 */
export class UserSimulator {
  readonly #options: UserSimulatorOptions;
  readonly #usage = new UsageSum();

  constructor(options: UserSimulatorOptions) {
    this.#options = options;
  }

  /**
   * The user's next message. A message with tool calls is answered by running them as the user and asking again.
   * @throws ModelError when the endpoint fails or says nothing, the signal's reason when it aborts.
   */
  async next(history: readonly TranscriptMessage[], signal: AbortSignal): Promise<UserMessage> {
    const { attemptKey, callTimeoutMs, client, endpoint, reference, sampling, systemPrompt, toolsJson } =
      this.#options;
    const requestId = `${attemptKey}-u${this.#usage.total().requests + 1}`;
    const completion = await client
      .complete({
        endpoint,
        headers: {
          [identityHeaders.request]: requestId,
          [identityHeaders.attempt]: attemptKey,
          [referenceHeader]: reference,
        },
        messages: [{ role: "system", content: systemPrompt }, ...asUser(history)],
        toolsJson,
        sampling,
        stream: false,
        timeoutMs: callTimeoutMs,
        signal,
      })
      .catch((error: unknown) => {
        this.#usage.add(null);
        throw error;
      });
    const { content, toolCalls, usage } = completion;
    this.#usage.add(usage);
    if (toolCalls === null && (content ?? "") === "") {
      throw new ModelError(`${endpoint.baseUrl} gave an answer in which the user simulator said nothing`);
    }
    return { role: "user", content, toolCalls, requestId, usage };
  }

  usage(): UsageTotal {
    return this.#usage.total();
  }
}

/** Read by the simulated engine only; other servers ignore it. */
export const referenceHeader = "x-tollgate-ref";

/**
 * The conversation as the user's model sees it: what the user said is the assistant's, what the agent said is the user's.
 * The agent's tool calls are never shown, nor the text beside them, which tau2 does not deliver; the user's own are,
 * because without them the model would call its tools again.
 */
function asUser(history: readonly TranscriptMessage[]): ChatMessage[] {
  const messages: ChatMessage[] = [];
  for (const message of history) {
    if (message.role === "tool") {
      if (message.requestor !== "user") continue;
      messages.push({ role: "tool", content: message.content, tool_call_id: message.toolCallId });
    } else if (message.role === "user") {
      messages.push(assistantMessage(message));
    } else if (message.toolCalls === null) {
      messages.push({ role: "user", content: message.content ?? "" });
    }
  }
  return messages;
}
