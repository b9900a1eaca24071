import type { ServerResponse } from "node:http";
import type { TokenUsage } from "../../answer/answer.ts";
import type { OutputPiece } from "../parsing/output-piece.ts";

export interface AnswerEnvelope {
  readonly id: string;
  /** Unix seconds. */
  readonly created: number;
  readonly model: string;
}

export interface AnswerEnd {
  readonly finishReason: string;
  readonly matchedStop: number | string | null;
  /** null where the engine does not say. */
  readonly usage: TokenUsage | null;
}

interface CallSoFar {
  readonly id: string;
  readonly name: string;
  arguments: string;
}

export interface AnswerOptions {
  readonly streamed: boolean;
  readonly includeUsage: boolean;
  readonly newCallId: () => string;
  /** Further fields of the choice, in an answer of one piece. */
  readonly extras: Readonly<Record<string, unknown>>;
}

/**
 * One chat completion in SGLang's shape on its way to the client: as events while its parts come, or in one piece. What
 * must have happened before the client sees the end of it happens between the last `add` and `end`.
 */
export class ChatAnswer {
  readonly #response: ServerResponse;
  readonly #envelope: AnswerEnvelope;
  readonly #options: AnswerOptions;
  readonly #onChunk: (bytes: number) => void;
  #content = "";
  #reasoning = "";
  readonly #calls: CallSoFar[] = [];
  #begun = false;

  /** @param io.onChunk told of every chunk, when it has been written */
  constructor(
    io: { readonly response: ServerResponse; readonly onChunk: (bytes: number) => void },
    envelope: AnswerEnvelope,
    options: AnswerOptions,
  ) {
    this.#response = io.response;
    this.#onChunk = io.onChunk;
    this.#envelope = envelope;
    this.#options = options;
  }

  get hasCalls(): boolean {
    return this.#calls.length > 0;
  }

  get message() {
    return {
      role: "assistant",
      content: this.#content,
      reasoning_content: this.#reasoning === "" ? null : this.#reasoning,
      tool_calls:
        this.#calls.length === 0
          ? null
          : this.#calls.map(({ id, name, arguments: text }, index) => ({
              id,
              index,
              type: "function",
              function: { name, arguments: text },
            })),
    };
  }

  add(pieces: readonly OutputPiece[]): void {
    for (const piece of pieces) {
      const delta = this.#take(piece);
      if (this.#options.streamed) this.#chunk(delta);
    }
  }

  /** The answer as one JSON object. */
  completion(end: AnswerEnd): Readonly<Record<string, unknown>> {
    return {
      id: this.#envelope.id,
      object: "chat.completion",
      created: this.#envelope.created,
      model: this.#envelope.model,
      choices: [
        {
          index: 0,
          message: this.message,
          logprobs: null,
          finish_reason: end.finishReason,
          matched_stop: end.matchedStop,
          ...this.#options.extras,
        },
      ],
      usage: usageView(end.usage),
    };
  }

  end(end: AnswerEnd): void {
    if (!this.#options.streamed) {
      this.#sendWhole(JSON.stringify(this.completion(end)));
      return;
    }
    this.#chunk({}, end);
    if (this.#options.includeUsage) this.#event({ choices: [], usage: usageView(end.usage) });
    this.#write("data: [DONE]\n\n");
    this.#response.end();
  }

  /** Ends a stream that has begun with an error in it. */
  endWithError(error: object): void {
    this.#write(`data: ${JSON.stringify({ error })}\n\ndata: [DONE]\n\n`);
    this.#response.end();
  }

  #take(piece: OutputPiece): Readonly<Record<string, unknown>> {
    if (piece.kind === "content") {
      this.#content += piece.text;
      return { content: piece.text };
    }
    if (piece.kind === "reasoning") {
      this.#reasoning += piece.text;
      return { reasoning_content: piece.text };
    }
    const index = piece.index;
    if (piece.kind === "call") {
      const call = { id: this.#options.newCallId(), name: piece.name, arguments: "" };
      this.#calls[index] = call;
      const head = { id: call.id, index, type: "function", function: { name: call.name, arguments: "" } };
      return { tool_calls: [head] };
    }
    const call = this.#calls[index];
    if (call !== undefined) call.arguments += piece.text;
    return {
      tool_calls: [{ id: null, index, type: "function", function: { name: null, arguments: piece.text } }],
    };
  }

  #chunk(delta: Readonly<Record<string, unknown>>, end?: AnswerEnd): void {
    this.#begin();
    this.#event({ choices: [choiceOf(delta, end)], usage: null });
  }

  /** The head goes out with the first token, so that what fails before it can still be a status. */
  #begin(): void {
    if (this.#begun) return;
    this.#begun = true;
    this.#response.writeHead(200, {
      "content-type": "text/event-stream; charset=utf-8",
      "cache-control": "no-cache",
    });
    this.#event({ choices: [choiceOf({ role: "assistant", content: "" })], usage: null });
  }

  #event(part: Readonly<Record<string, unknown>>): void {
    const { id, created, model } = this.#envelope;
    this.#write(
      `data: ${JSON.stringify({ id, object: "chat.completion.chunk", created, model, ...part })}\n\n`,
    );
  }

  #write(text: string): void {
    this.#response.write(text);
    this.#onChunk(Buffer.byteLength(text));
  }

  #sendWhole(text: string): void {
    const bytes = Buffer.byteLength(text);
    this.#response.writeHead(200, { "content-type": "application/json", "content-length": bytes });
    this.#response.end(text);
    this.#onChunk(bytes);
  }
}

function choiceOf(delta: Readonly<Record<string, unknown>>, end?: AnswerEnd) {
  return {
    index: 0,
    delta: { role: null, content: null, reasoning_content: null, tool_calls: null, ...delta },
    logprobs: null,
    finish_reason: end?.finishReason ?? null,
    matched_stop: end?.matchedStop ?? null,
  };
}

function usageView(usage: TokenUsage | null) {
  if (usage === null) return null;
  const { promptTokens, completionTokens, cachedTokens } = usage;
  return {
    prompt_tokens: promptTokens,
    completion_tokens: completionTokens,
    total_tokens: promptTokens + completionTokens,
    prompt_tokens_details: cachedTokens === null ? null : { cached_tokens: cachedTokens },
  };
}
