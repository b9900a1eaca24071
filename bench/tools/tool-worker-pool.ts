import { messageOf } from "../errors.ts";
import { refusal } from "./connection.ts";
import { Episode, type CallOutcome, type IncomingCall } from "./episode.ts";
import type { ErrorReply, ToolRequest } from "./protocol.ts";
import { sameToken, TokenBook } from "./token.ts";
import type { ToolModule, ToolSource } from "./tool-module.ts";
import {
  RunningCall,
  type FromWorker,
  type OpenParameters,
  type SessionRecord,
  type ToWorker,
  type WorkerTask,
} from "./worker-messages.ts";

export interface ToolWorkerPoolParts {
  readonly task: WorkerTask;
  readonly module: ToolModule;
  readonly send: (message: FromWorker) => void;
  readonly nowNs: () => number;
}

interface TokenOwner {
  readonly attemptKey: string;
  readonly requestor: "assistant" | "user";
}

/** The state of one worker: loaded tools, episodes, tokens and sessions, and what may be asked about them from both sides. */
export class ToolWorkerPool {
  readonly #parts: ToolWorkerPoolParts;
  readonly #sources = new Map<string, Promise<ToolSource>>();
  readonly #episodes = new Map<string, Episode>();
  readonly #sessions = new Map<string, SessionRecord>();
  /** Tokens stay known after their episode is closed, so that a late call hears `closed` and not `bad-token`. */
  readonly #tokens = new TokenBook<TokenOwner>();
  readonly #running: RunningCall;

  constructor(parts: ToolWorkerPoolParts) {
    this.#parts = parts;
    this.#running = new RunningCall(parts.task.running);
    for (const session of parts.task.sessions) this.#sessions.set(session.attemptKey, session);
  }

  /** Loads what settings name once; a failed load is tried again by the next episode. */
  source(settings: object): Promise<ToolSource> {
    const key = JSON.stringify(settings);
    const known = this.#sources.get(key);
    if (known !== undefined) return known;
    const loading = Promise.resolve(this.#parts.module.load(settings));
    this.#sources.set(key, loading);
    loading.catch(() => this.#sources.delete(key));
    return loading;
  }

  /** Requests of the main thread. */
  async carryOut(order: Extract<ToWorker, { type: "do" }>): Promise<unknown> {
    switch (order.name) {
      case "open":
        return this.#open(order.parameters);
      case "userCall":
        return this.#userCall(order.parameters);
      case "addSteps":
        return this.#episode(order.parameters.attemptKey).addSteps(order.parameters.count);
      case "evaluate":
        return this.#episode(order.parameters.attemptKey).environment.evaluate(order.parameters.request);
      case "close":
        this.#episodes.delete(order.parameters.attemptKey);
        return null;
      case "register":
        this.#sessions.set(order.parameters.attemptKey, order.parameters);
        return null;
      case "unregister":
        this.#sessions.delete(order.parameters.attemptKey);
        return null;
      default:
        return order satisfies never;
    }
  }

  /** Requests of socket clients. */
  answer(request: ToolRequest, receivedNs: number): object | Promise<object> {
    if (request.op === "hello" || request.op === "session") {
      if (!sameToken(request.token, this.#parts.task.fleetToken)) return badToken(request);
      return request.op === "hello" ? this.#hello(request.id) : this.#session(request);
    }
    const owner = this.#tokens.find(request.token);
    if (owner === undefined) return badToken(request);
    const episode = this.#episodes.get(owner.attemptKey);
    if (episode === undefined) return refusal(request.id, "closed", "the episode of this token is over");
    if (request.op === "state")
      return { id: request.id, ok: true, ...episode.environment.hashes(), counts: episode.counts() };
    return this.#answerCall(episode, request, {
      requestor: owner.requestor,
      name: request.name,
      argumentsText: request.arguments,
      toolCallId: request.toolCallId ?? null,
      requestId: request.requestId ?? null,
      receivedNs,
    });
  }

  #hello(id: ToolRequest["id"]): object {
    const { worker, generation } = this.#parts.task;
    return { id, ok: true, worker, generation, pid: process.pid, episodes: this.#episodes.size };
  }

  #session(request: Extract<ToolRequest, { op: "session" }>): object {
    const session = this.#sessions.get(request.session);
    if (session === undefined) {
      return refusal(request.id, "unknown-session", `no episode is open for session ${request.session}`);
    }
    return { id: request.id, ok: true, ...session };
  }

  async #open(parameters: OpenParameters): Promise<unknown> {
    const source = await this.source(parameters.settings);
    const environment = source.open(parameters.taskId, parameters.attempt);
    const { nowNs } = this.#parts;
    const episode = new Episode(parameters, { environment, running: this.#running, nowNs });
    const { attemptKey, agentToken, userToken } = parameters;
    this.#episodes.set(attemptKey, episode);
    this.#tokens.add(agentToken, { attemptKey, requestor: "assistant" });
    this.#tokens.add(userToken, { attemptKey, requestor: "user" });
    return environment.opened;
  }

  async #userCall(parameters: {
    attemptKey: string;
    name: string;
    argumentsText: string;
    toolCallId: string | null;
  }): Promise<object> {
    const { attemptKey, ...call } = parameters;
    const outcome = await this.#run(this.#episode(attemptKey), {
      ...call,
      requestor: "user",
      requestId: null,
      receivedNs: this.#parts.nowNs(),
    });
    if (outcome.status === "refused") throw new Error(outcome.message);
    return { content: outcome.line.content, error: outcome.line.error };
  }

  #answerCall(episode: Episode, { id }: ToolRequest, call: IncomingCall): object | Promise<object> {
    const failed = (error: unknown) => refusal(id, "internal", messageOf(error));
    const answered = (outcome: CallOutcome) =>
      outcome.status === "refused"
        ? refusal(id, outcome.reason, outcome.message)
        : { id, ok: true, content: outcome.line.content, error: outcome.line.error };
    try {
      const outcome = this.#run(episode, call);
      return outcome instanceof Promise ? outcome.then(answered, failed) : answered(outcome);
    } catch (error) {
      return failed(error);
    }
  }

  #run(episode: Episode, call: IncomingCall): CallOutcome | Promise<CallOutcome> {
    const broken = (error: unknown) => this.#tellBroken(episode, call, error);
    try {
      const outcome = episode.call(call);
      return outcome instanceof Promise
        ? outcome.then((late) => this.#told(episode, late), broken)
        : this.#told(episode, outcome);
    } catch (error) {
      return broken(error);
    }
  }

  /** Sent before the caller gets its reply, so that a log is never behind a reply. */
  #told({ parameters: { attemptKey } }: Episode, outcome: CallOutcome): CallOutcome {
    if (outcome.status === "called")
      this.#parts.send({ type: "called", line: outcome.line, counts: outcome.counts });
    else this.#parts.send({ type: "refused", attemptKey, counts: outcome.counts });
    return outcome;
  }

  #tellBroken({ parameters: { attemptKey } }: Episode, { name }: IncomingCall, error: unknown): never {
    this.#parts.send({ type: "broken", attemptKey, message: `${name}: ${messageOf(error)}` });
    throw error;
  }

  #episode(attemptKey: string): Episode {
    const episode = this.#episodes.get(attemptKey);
    if (episode === undefined) throw new Error(`no episode is open for attempt ${attemptKey}`);
    return episode;
  }
}

function badToken(request: ToolRequest): ErrorReply {
  return refusal(request.id, "bad-token", `the token does not allow ${request.op}`);
}
