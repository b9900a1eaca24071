import { join } from "node:path";
import { request as send } from "undici";
import type { Answer } from "../answer/answer.ts";
import { whyUnusable } from "../answer/complete.ts";
import { readAnswer } from "../answer/read-answer.ts";
import { messageOf } from "../errors.ts";
import { boundedText, modelAnswerBytesMax } from "../host/bounded-body.ts";
import { type Clock, millisecondsBetween } from "../measure/clock.ts";
import type { Engine } from "../stack/engine.ts";
import type { ArmSession, RunningArm, RunningStack } from "../stack/stack.ts";
import { identityHeaders } from "../workload/exchange.ts";
import { seenExchanges, type SeenExchange } from "./seen-exchanges.ts";
import { Deadline } from "../measure/deadline.ts";

/** A chat request of a check. Sampling is pinned in every one of them. */
export interface Question {
  readonly messages: readonly unknown[];
  readonly tools?: readonly unknown[];
  readonly toolChoice?: unknown;
  readonly maxTokens: number;
  readonly stream?: boolean;
}

export interface Reply {
  /** null when there is no complete answer; `problem` then says what came instead. */
  readonly chat: Answer | null;
  readonly problem: string | null;
  readonly ms: number;
  /** What the taps saw of it; empty for an engine that was asked directly. */
  readonly outer: readonly SeenExchange[];
  readonly inner: readonly SeenExchange[];
}

export interface ProberOptions {
  readonly stack: RunningStack;
  readonly clock: Clock;
  readonly deadlineMs: number;
  readonly signal: AbortSignal;
  /** What the taps saw of each request goes to a folder of its own in here. */
  readonly evidenceDirectory: string;
  /** Unique among all preflights of the run, for session keys. */
  readonly nonce: string;
}

/** Asks engines and arms one question at a time, and keeps what the taps saw of each. */
export class Prober {
  readonly #options: ProberOptions;
  #count = 0;
  /** Where the taps wrote what they saw of each question, in order. */
  readonly segments: { readonly directory: string; readonly arm: string }[] = [];

  constructor(options: ProberOptions) {
    this.#options = options;
  }

  /** A text that no cache and no other request has. */
  unique(): string {
    return `${this.#options.nonce}-${(this.#count += 1)}`;
  }

  askEngine(engine: Engine, question: Question): Promise<Reply> {
    return this.#send({ baseUrl: `${engine.url}/v1`, apiKey: engine.apiKey, model: engine.model }, question);
  }

  /** In a session of its own where the arm has sessions, which is left without a reward. */
  async askArm(arm: RunningArm, question: Question): Promise<Reply> {
    const key = `preflight-${this.unique()}`;
    let session: ArmSession;
    try {
      session = await arm.openSession(key);
    } catch (error) {
      return nothing(`no session: ${messageOf(error)}`);
    }
    const reply = await this.askSession(arm, { session, key }, question);
    try {
      await session.close(null);
      return reply;
    } catch (error) {
      return { ...reply, chat: null, problem: `its session did not close: ${messageOf(error)}` };
    }
  }

  /** Through the arm's outer tap, in an open session. */
  async askSession(
    arm: RunningArm,
    { session, key }: { readonly session: ArmSession; readonly key: string },
    question: Question,
  ): Promise<Reply> {
    const { stack, evidenceDirectory } = this.#options;
    const number = String(this.segments.length + 1).padStart(2, "0");
    const directory = join(evidenceDirectory, `${number}-${arm.spec.name}`);
    this.segments.push({ directory, arm: arm.spec.name });
    await stack.tap.openSegment(directory, true);
    const reply = await this.#send(
      { baseUrl: arm.baseUrl, apiKey: session.apiKey, model: stack.agentEngine.model, key },
      question,
    );
    await stack.tap.closeSegment();
    const seen = await seenExchanges(directory);
    const at = (wanted: SeenExchange["hop"]) =>
      seen.filter(({ hop, arm: of }) => hop === wanted && of === arm.spec.name);
    return { ...reply, outer: at("outer"), inner: at("inner") };
  }

  async #send(
    to: { baseUrl: string; apiKey: string; model: string; key?: string },
    question: Question,
  ): Promise<Reply> {
    const { clock, deadlineMs, signal } = this.#options;
    using deadline = new Deadline(deadlineMs, signal);
    const startedNs = clock.nowNs();
    const elapsed = () => millisecondsBetween(startedNs, clock.nowNs());
    const identity = to.key === undefined ? {} : headersOf(to.key);
    try {
      const response = await send(`${to.baseUrl}/chat/completions`, {
        method: "POST",
        headers: { "content-type": "application/json", authorization: `Bearer ${to.apiKey}`, ...identity },
        body: JSON.stringify(bodyOf(question, to.model)),
        signal: deadline.signal,
        headersTimeout: 0,
        bodyTimeout: 0,
      });
      const text = await boundedText(response.body, modelAnswerBytesMax);
      const excerpt = `${response.statusCode} ${text.slice(0, 300).replaceAll(/\s+/g, " ")}`;
      if (response.statusCode !== 200) return { ...nothing(excerpt), ms: elapsed() };
      const answer = readAnswer(text);
      const why = whyUnusable(answer);
      const problem = why === null ? null : `an answer that ${why}: ${excerpt}`;
      return { chat: why === null ? answer : null, problem, ms: elapsed(), outer: [], inner: [] };
    } catch (error) {
      signal.throwIfAborted();
      const problem = deadline.over ? `no answer within ${deadlineMs / 1000} s` : messageOf(error);
      return { ...nothing(problem), ms: elapsed() };
    }
  }
}

const nothing = (problem: string): Reply => ({ chat: null, problem, ms: 0, outer: [], inner: [] });

function headersOf(key: string): Record<string, string> {
  return {
    [identityHeaders.request]: key,
    [identityHeaders.episode]: "preflight",
    [identityHeaders.attempt]: key,
  };
}

/** Fields in the order in which the agents send them. */
function bodyOf({ messages, tools, toolChoice, maxTokens, stream }: Question, model: string): unknown {
  return {
    model,
    messages,
    ...(tools && { tools, tool_choice: toolChoice ?? "auto" }),
    ...pinned,
    max_tokens: maxTokens,
    ...(stream === true && { stream, stream_options: { include_usage: true } }),
  };
}

/** What every question of a check pins. */
export const pinned = { temperature: 0, top_p: 1, seed: 7 } as const;
