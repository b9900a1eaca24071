import { Agent, request as send, type Dispatcher } from "undici";
import { whyUnusable } from "../../answer/complete.ts";
import { readAnswer } from "../../answer/read-answer.ts";
import { messageOf } from "../../errors.ts";
import { boundedBody, BodyTooLongError, modelAnswerBytesMax } from "../../host/bounded-body.ts";
import type { Endpoint } from "../../transcript/endpoint.ts";
import { decoded } from "./content-decoding.ts";
import { completionOf, type Completion } from "../transcript/completion.ts";
import type { ChatMessage } from "./chat-message.ts";
import { ModelError } from "./model-error.ts";
import { Deadline } from "../../measure/deadline.ts";

export interface ChatRequest {
  readonly endpoint: Endpoint;
  /** Added to the endpoint's own headers. */
  readonly headers: Readonly<Record<string, string>>;
  readonly messages: readonly ChatMessage[];
  /** JSON text of the OpenAI tools array, sent as it is; null sends neither tools nor tool_choice. */
  readonly toolsJson: string | null;
  /** Fields of the body: temperature, top_p, max_tokens, seed. */
  readonly sampling: Readonly<Record<string, number>>;
  readonly stream: boolean;
  /** From the first byte sent to the last byte received. */
  readonly timeoutMs: number;
  readonly signal: AbortSignal;
}

/**
 * Chat completions of OpenAI-compatible endpoints, one HTTP request each. Connections are not limited, because a request
 * that waits for one inside the client would count as the server's time.
 */
export class ChatClient implements AsyncDisposable {
  readonly #dispatcher: Dispatcher = new Agent({ pipelining: 1, headersTimeout: 0, bodyTimeout: 0 });

  /** @throws ModelError when there is no usable answer, the signal's own reason when `signal` aborts. */
  async complete(request: ChatRequest): Promise<Completion> {
    const url = `${request.endpoint.baseUrl}/chat/completions`;
    using deadline = new Deadline(request.timeoutMs, request.signal);
    try {
      const body = await this.#exchange(url, request, deadline.signal);
      return usableAnswer(url, body);
    } catch (cause) {
      request.signal.throwIfAborted();
      if (deadline.over) throw new ModelError(`${url} did not finish within ${request.timeoutMs} ms.`);
      if (cause instanceof ModelError) throw cause;
      throw new ModelError(`${url} could not be reached: ${messageOf(cause)}`, { cause });
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#dispatcher.destroy();
  }

  /** @returns the response body as text. */
  async #exchange(url: string, request: ChatRequest, signal: AbortSignal): Promise<string> {
    const { endpoint, headers } = request;
    const response = await send(url, {
      dispatcher: this.#dispatcher,
      method: "POST",
      headers: {
        "content-type": "application/json",
        authorization: `Bearer ${endpoint.apiKey}`,
        ...endpoint.headers,
        ...headers,
      },
      body: bodyOf(request),
      signal,
    });
    const body = await readBody(url, response, signal);
    if (response.statusCode !== 200) {
      const excerpt = body.slice(0, 500).trim() || "(empty body)";
      throw new ModelError(`${url} answered with status ${response.statusCode}: ${excerpt}`);
    }
    return body;
  }
}

async function readBody(
  url: string,
  { body, headers }: Pick<Dispatcher.ResponseData, "body" | "headers">,
  signal: AbortSignal,
): Promise<string> {
  try {
    const bytes = await boundedBody(body, modelAnswerBytesMax);
    return (await decoded(bytes, headers["content-encoding"]?.toString())).toString("utf8");
  } catch (cause) {
    signal.throwIfAborted();
    if (cause instanceof BodyTooLongError) throw new ModelError(`${url}: ${cause.message}`, { cause });
    throw new ModelError(`${url} gave an answer that broke off: ${messageOf(cause)}`, { cause });
  }
}

/** The tools' text is spliced in, because parsing and printing it again would turn `2.0` into `2`. */
function bodyOf(request: ChatRequest): string {
  const { endpoint, messages, sampling, stream, toolsJson } = request;
  const head = JSON.stringify({ model: endpoint.model, messages });
  const tools = toolsJson === null ? "" : `,"tools":${toolsJson},"tool_choice":"auto"`;
  const streaming = stream ? { stream, stream_options: { include_usage: true } } : { stream };
  const tail = JSON.stringify({ ...sampling, ...streaming });
  return `${head.slice(0, -1)}${tools},${tail.slice(1)}`;
}

function usableAnswer(url: string, body: string): Completion {
  const answer = readAnswer(body);
  const why = whyUnusable(answer);
  if (why !== null) throw new ModelError(`${url} gave an answer that ${why}`);
  return completionOf(answer);
}
