import { EventSplitter } from "../../answer/event-splitter.ts";
import { isJson, isSaid, parsed, type Fields } from "../../answer/json.ts";
import { readAnswerInTurns } from "../../answer/read-answer.ts";
import { askEngine, asEngineError } from "../engine/engine-request.ts";
import { EngineTokenReader } from "../engine/engine-tokens.ts";
import type { RequestFields } from "../learning/token-fields.ts";
import { finishChat, withFields, type ReadCompletion } from "./chat-completion.ts";
import type { TokenCall } from "./token-call.ts";

/** Fields that the client did not ask for: null where engines write them so, and gone where they do not. */
const ownFields = ["prompt_token_ids", "token_ids", "response_token_ids", "logprobs"] as const;

/**
 * Level L1 with an engine whose streams tell their tokens: its events pass as they come, without what this gateway asked
 * for. The end of the answer waits until the call has been kept.
 * @throws {EngineError | ClientGoneError}
 */
export async function streamChatApi(call: TokenCall, fields: RequestFields): Promise<void> {
  const { body } = call.chat;
  const relay = new EventRelay(call);
  const tokens = new EngineTokenReader();
  const parts: Buffer[] = [];
  const splitter = new EventSplitter({
    event: ({ data, name }) => {
      const json = parsed(data);
      tokens.add(json);
      relay.event({ data, name, json });
    },
  });
  try {
    const options = { ...body.stream_options, include_usage: true };
    const answer = await askEngine(call.engine, {
      path: "/v1/chat/completions",
      body: withFields(call.chat.text, { ...fields, stream: true, stream_options: options }),
      request: call.request,
      signal: call.signal,
    });
    for await (const part of answer) {
      call.clock.engineAnswered();
      parts.push(part);
      splitter.push(part);
    }
    splitter.end();
  } catch (thrown) {
    throw asEngineError(thrown, { url: call.engine.url, signal: call.signal });
  }
  const said = await readAnswerInTurns(Buffer.concat(parts));
  // What went wrong behind the first event is in the client's hands already, in the engine's own words.
  if (said.error !== null && call.response.headersSent) relay.end();
  const completion: ReadCompletion = { said, model: said.model, matchedStop: relay.matchedStop, tokens };
  finishChat(call, completion, { message: {}, extras: {}, end: () => relay.end() });
}

/** Passes the engine's events on, and holds back those from the finish reason on. */
class EventRelay {
  readonly #call: TokenCall;
  readonly #held: string[] = [];
  readonly #wantsLogprobs: boolean;
  readonly #wantsUsage: boolean;
  readonly #wantsIds: boolean;
  #ending = false;
  matchedStop: number | string | null = null;

  constructor(call: TokenCall) {
    const { body } = call.chat;
    this.#call = call;
    this.#wantsLogprobs = body.logprobs === true;
    this.#wantsIds = body.return_token_ids === true;
    this.#wantsUsage = body.stream_options?.include_usage === true;
  }

  event({
    data,
    name,
    json,
  }: {
    readonly data: string;
    readonly name: string;
    readonly json: unknown;
  }): void {
    if (!isJson(json)) {
      if (data.trim() !== "" || name !== "") this.#pass(frame(data, name));
      return;
    }
    const choices = Array.isArray(json["choices"]) ? json["choices"].filter(isJson) : [];
    const finish = choices.find((choice) => choice["finish_reason"] != null);
    if (finish !== undefined) {
      this.#ending = true;
      const matched = finish["matched_stop"] ?? finish["stop_reason"];
      if (typeof matched === "number" || typeof matched === "string") this.matchedStop = matched;
    }
    const saysTokens = choices.some(({ delta }) => isJson(delta) && saysMore(delta));
    const shown = this.#forClient(json, choices);
    if (shown === null) return;
    this.#pass(frame(JSON.stringify(shown), name === "sglext_ids" ? "" : name));
    if (saysTokens) this.#call.clock.tokens();
  }

  /** Sends what was held back, and ends the answer. */
  end(): void {
    for (const text of this.#held.splice(0)) this.#write(text);
    if (!this.#call.response.writableEnded) this.#call.response.end();
  }

  #pass(text: string): void {
    if (this.#ending) this.#held.push(text);
    else this.#write(text);
  }

  #write(text: string): void {
    const { response, clock } = this.#call;
    if (!response.headersSent)
      response.writeHead(200, {
        "content-type": "text/event-stream; charset=utf-8",
        "cache-control": "no-cache",
      });
    response.write(text);
    clock.chunk(Buffer.byteLength(text));
  }

  /** null for an event that the engine sends only because it was asked for tokens. */
  #forClient(event: Fields, choices: readonly Fields[]): Fields | null {
    const { sglext: _ids, ...rest } = event;
    const isEmpty =
      "choices" in event &&
      choices.every(
        ({ delta, finish_reason: finish }) => finish == null && !(isJson(delta) && isSaidDelta(delta)),
      );
    const usage = this.#wantsUsage ? event["usage"] : null;
    if (isEmpty && !isSaid(usage) && !(this.#wantsLogprobs && hasLogprobs(choices))) return null;
    const shown = this.#without(rest);
    if (!this.#wantsUsage && isSaid(shown["usage"])) shown["usage"] = null;
    if (choices.length > 0) shown["choices"] = choices.map((choice) => this.#without(choice));
    return shown;
  }

  #without(fields: Fields): Record<string, unknown> {
    const kept: Record<string, unknown> = { ...fields };
    for (const name of ownFields) {
      const wanted = name === "logprobs" ? this.#wantsLogprobs : this.#wantsIds;
      if (name in kept && !wanted) kept[name] = null;
    }
    return kept;
  }
}

const frame = (data: string, name: string) =>
  `${name === "" ? "" : `event: ${name}\n`}${data
    .split("\n")
    .map((line) => `data: ${line}\n`)
    .join("")}\n`;

const isSaidDelta = (delta: Fields) => delta["role"] != null || saysMore(delta);

/** Anything but the role: text, reasoning, calls, whatever they are called. */
function saysMore(delta: Fields): boolean {
  return Object.entries(delta).some(([key, value]) => key !== "role" && isSaid(value));
}

const hasLogprobs = (choices: readonly Fields[]) => choices.some(({ logprobs }) => isSaid(logprobs));
