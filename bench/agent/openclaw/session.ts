import { createHash } from "node:crypto";
import type { AgentSession, AgentSessionRequest, AgentTurn, OwnToolCall } from "../agent.ts";
import {
  openReplySchema,
  outcomeSchema,
  ownCallsSchema,
  type RunResult,
  runResultSchema,
  type TurnOutcome,
} from "./frames.ts";
import type { GatewayProcess } from "./gateway-process.ts";
import { GatewayConnectionLost, GatewayRefusal, readAnswer } from "./websocket-client.ts";
import { Deadline, longestTimerMs } from "../../measure/deadline.ts";

/** How long a request that does no model work may take, e.g. on a loaded machine. */
const controlTimeoutMs = 30_000;
/** How long a run may need to end after it was aborted. */
const abortGraceMs = 15_000;

/** Kinds of failure that the plugin tells of the latest model request. */
const ofRequest = new Set<string | undefined>(["model", "incomplete_turn"]);

/** What a run of the agent ended with, before it is read together with what the plugin saw. */
type RunEnd =
  | { readonly kind: "result"; readonly result: RunResult }
  | { readonly kind: "refused"; readonly error: GatewayRefusal }
  | { readonly kind: "stopped"; readonly turn: AgentTurn };

/** One episode's session in one gateway process. */
export class OpenClawSession implements AgentSession {
  readonly #gateway: SessionGateway;
  readonly #request: AgentSessionRequest;
  readonly #stock: boolean;
  readonly #release: () => void;
  #turns = 0;
  #misses = 0;
  #requests = 0;
  #ownCalls: OwnToolCall[] = [];

  private constructor(gateway: SessionGateway, request: AgentSessionRequest, state: SessionState) {
    this.#gateway = gateway;
    this.#request = request;
    this.#stock = state.prompt === "stock";
    this.#release = state.release;
  }

  /** Makes the gateway's plugin fetch the session from the tool server. Rejects when no tool worker knows it. */
  static async open(
    gateway: SessionGateway,
    request: AgentSessionRequest,
    release: () => void,
  ): Promise<OpenClawSession> {
    const { attemptKey, endpoint, greeting, workspace } = request;
    const { model, apiKey } = endpoint;
    const opening = { session: attemptKey, model, apiKey, greeting, workspace };
    const reply = await gateway.client.request("tollgate.open", opening, { timeoutMs: controlTimeoutMs });
    const { prompt } = readAnswer("tollgate.open", reply, openReplySchema);
    return new OpenClawSession(gateway, request, { prompt, release });
  }

  promptMisses(): number {
    return this.#misses;
  }

  async turn(text: string, signal: AbortSignal): Promise<AgentTurn> {
    this.#turns += 1;
    try {
      const sent = this.#stock ? asText(text) : deliverable(text);
      await this.#control("tollgate.turn", { text });
      const end = await this.#run(sent, signal);
      if (this.#request.workspace !== undefined) await this.#fetchOwnCalls();
      if (end.kind === "stopped") return end.turn;
      const reply = await this.#control("tollgate.outcome", {});
      const outcome = readAnswer("tollgate.outcome", reply, outcomeSchema);
      this.#misses = outcome.misses;
      const asked = outcome.requests > this.#requests;
      this.#requests = outcome.requests;
      const nothingSaid = outcome.answer === null && outcome.failure === null;
      if (nothingSaid && end.kind === "refused" && isOwnFault(end.error, asked)) throw end.error;
      const turn = this.#stock ? stockTurn(end, outcome) : exactTurn(end, outcome);
      return ofRequest.has(outcome.failure?.kind) && turn.status !== "answered"
        ? { ...turn, requestId: `${this.#request.attemptKey}-${outcome.requests}` }
        : turn;
    } catch (error) {
      if (error instanceof GatewayConnectionLost) return await this.#died(error);
      if (error instanceof GatewayRefusal) {
        return { status: "process-died", message: `${this.#gateway.name}: ${error.message}` };
      }
      throw error;
    }
  }

  takeOwnCalls(): readonly OwnToolCall[] {
    const taken = this.#ownCalls;
    this.#ownCalls = [];
    return taken;
  }

  /**
   * Makes the plugin forget the session. Its transcript stays until the process ends: `sessions.delete` costs 3 CPU
   * seconds and blocks the process for other sessions, six times as much as a turn, and 100 kept sessions cost nothing.
   */
  async [Symbol.asyncDispose](): Promise<void> {
    this.#release();
    try {
      await this.#control("tollgate.close", {});
    } catch (error) {
      // A process that is gone has forgotten it already.
      if (!(error instanceof GatewayConnectionLost)) throw error;
    }
  }

  get #sessionKey(): string {
    return `agent:main:${this.#request.attemptKey}`;
  }

  async #control(method: string, params: Readonly<Record<string, unknown>>): Promise<unknown> {
    const full = { session: this.#request.attemptKey, ...params };
    return await this.#gateway.client.request(method, full, { timeoutMs: controlTimeoutMs });
  }

  async #fetchOwnCalls(): Promise<void> {
    const reply = await this.#control("tollgate.calls", {});
    this.#ownCalls.push(...readAnswer("tollgate.calls", reply, ownCallsSchema).calls);
  }

  async #run(message: string, signal: AbortSignal): Promise<RunEnd> {
    const { turnTimeoutMs } = this.#request;
    const runId = `${this.#request.attemptKey}-${this.#turns}`;
    using deadline = new Deadline(turnTimeoutMs, signal);
    const stop = deadline.signal;
    const abort = (): void => {
      const params = { sessionKey: this.#sessionKey, runId };
      this.#gateway.client.request("chat.abort", params, { timeoutMs: abortGraceMs }).catch(() => undefined);
    };
    stop.addEventListener("abort", abort, { once: true });
    try {
      if (signal.aborted) return { kind: "stopped", turn: { status: "aborted" } };
      const params = {
        message,
        sessionKey: this.#sessionKey,
        idempotencyKey: runId,
        deliver: false,
        timeout: Math.ceil(Math.min(turnTimeoutMs + abortGraceMs, longestTimerMs - 1000) / 1000),
        ...(this.#stock ? addedPrompt(this.#request.system) : { promptMode: "minimal" }),
      };
      const options = { timeoutMs: turnTimeoutMs + 2 * abortGraceMs, traceparent: traceparentOf(runId) };
      const payload = await this.#gateway.client.request("agent", params, options);
      if (stop.aborted) return { kind: "stopped", turn: stopped(signal, turnTimeoutMs) };
      return { kind: "result", result: readAnswer("agent", payload, runResultSchema) };
    } catch (error) {
      if (!(error instanceof GatewayRefusal)) throw error;
      if (stop.aborted) return { kind: "stopped", turn: stopped(signal, turnTimeoutMs) };
      return { kind: "refused", error };
    } finally {
      stop.removeEventListener("abort", abort);
    }
  }

  async #died({ message }: GatewayConnectionLost): Promise<AgentTurn> {
    const how = await this.#gateway.exited;
    const died = `OpenClaw process ${this.#gateway.name} is gone (${how}): ${message}`;
    return { status: "process-died", message: died };
  }
}

/** Whether the gateway has refused a run for a reason in which the model had no part. */
function isOwnFault({ rpcCode }: GatewayRefusal, hasAsked: boolean): boolean {
  return rpcCode === "UNREADABLE" || !hasAsked;
}

function addedPrompt(system: string): { readonly extraSystemPrompt?: string } {
  return system === "" ? {} : { extraSystemPrompt: system };
}

/** What a session needs of the process that runs it. */
type SessionGateway = Pick<GatewayProcess, "name" | "client" | "exited">;

interface SessionState {
  readonly prompt: "exact" | "stock";
  readonly release: () => void;
}

function stopped(signal: AbortSignal, turnTimeoutMs: number): AgentTurn {
  return signal.aborted ? { status: "aborted" } : { status: "timed-out", afterMs: turnTimeoutMs };
}

/**
 * The text that OpenClaw is given. It takes `/reset` and the like as commands and refuses blank text; a word joiner in
 * front keeps it from doing so. The model never sees it: the plugin puts the exact text back.
 */
export function deliverable(text: string): string {
  return /^\s*(?:\/|$)/u.test(text) ? `\u2060${text}` : text;
}

/** The same for a session whose model sees what OpenClaw is given: only what OpenClaw would take for itself is altered. */
export function asText(text: string): string {
  return /^\s*(?:\/(?:new|reset)\b|$)/iu.test(text) ? `\u2060${text}` : text;
}

/** How a run can end that nobody stopped. */
type EndedTurn = Extract<AgentTurn, { status: "answered" | "agent-error" | "model-unavailable" }>;

function exactTurn(end: Exclude<RunEnd, { kind: "stopped" }>, outcome: TurnOutcome): EndedTurn {
  // OpenClaw's own reply text is trimmed and cleaned of its directives; the model's words are what counts.
  if (outcome.answer !== null) return { status: "answered", text: outcome.answer };
  if (outcome.failure !== null) return failedTurn(end, outcome.failure);
  if (end.kind === "refused") {
    return { status: "agent-error", kind: end.error.rpcCode.toLowerCase(), message: end.error.message };
  }
  const error = end.result.result?.meta?.error;
  if (error !== undefined) return { status: "agent-error", kind: error.kind, message: error.message };
  const { status, summary = "no summary" } = end.result;
  const message = `OpenClaw ended the run as ${status} (${summary}) without an answer of the model`;
  return { status: "agent-error", kind: "no_answer", message };
}

function failedTurn(
  end: Exclude<RunEnd, { kind: "stopped" }>,
  failure: NonNullable<TurnOutcome["failure"]>,
): EndedTurn {
  if (failure.kind !== "model") return { status: "agent-error", ...failure };
  const error = end.kind === "result" ? end.result.result?.meta?.error : undefined;
  if (error !== undefined) return { status: "agent-error", kind: error.kind, message: error.message };
  return { status: "model-unavailable", message: failure.message };
}

function stockTurn(end: Exclude<RunEnd, { kind: "stopped" }>, outcome: TurnOutcome): EndedTurn {
  if (end.kind === "refused" || end.result.result?.meta?.error !== undefined) return exactTurn(end, outcome);
  const text = (end.result.result?.payloads ?? []).map((payload) => payload.text ?? "").join("\n");
  if (end.result.status === "ok" && text !== "") return { status: "answered", text };
  return exactTurn(end, outcome);
}

/** A trace id that is the same for every request of one turn. */
function traceparentOf(runId: string): string {
  const hex = createHash("sha256").update(runId).digest("hex");
  return `00-${hex.slice(0, 32)}-${hex.slice(32, 48)}-01`;
}
