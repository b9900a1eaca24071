import { TollgateError } from "../../errors.ts";
import type { AgentSession, AgentSessionRequest, AgentTurn, OwnToolCall } from "../agent.ts";
import { addedPrompt, runAgent, type AgentRunEnd, traceIdOf } from "./agent-run.ts";
import { isOfRequest, isOwnFault, stockTurn } from "./ended-turn.ts";
import type { TurnOutcome } from "./frames.ts";
import { providerName } from "./gateway-config.ts";
import { asText } from "./sent-text.ts";
import { type GatewayClient, GatewayConnectionLost, GatewayRefusal } from "./websocket-client.ts";
import type { GatewayLink } from "./gateway-link.ts";
import type { Relay } from "./relay.ts";
import type { ToolEvents } from "./tool-events.ts";

const controlTimeoutMs = 30_000;

/** What all sessions of an attached gateway share. */
export interface AttachedParts {
  readonly url: string;
  /**
   * Of this run alone: attempts of another run of the same experiment have the same keys, and a gateway that lives longer than a run
   * answers what it has answered before from memory.
   */
  readonly mark: string;
  readonly link: GatewayLink;
  readonly relay: Relay;
  readonly events: ToolEvents;
}

/** One episode's session in a gateway that is not ours: no plugin of ours is in it. */
export class AttachedSession implements AgentSession {
  readonly #parts: AttachedParts;
  readonly #request: AgentSessionRequest;
  #turns = 0;
  #requests = 0;
  #failure: TurnOutcome["failure"] = null;
  #ownCalls: OwnToolCall[] = [];

  private constructor(parts: AttachedParts, request: AgentSessionRequest) {
    this.#parts = parts;
    this.#request = request;
  }

  /** Makes a session that works in the attempt's folder and asks its model through the relay. */
  static async open(parts: AttachedParts, request: AgentSessionRequest): Promise<AttachedSession> {
    const session = new AttachedSession(parts, request);
    const client = await parts.link.client();
    const params = {
      key: session.#key,
      cwd: request.workspace?.hostDirectory,
      model: `${providerName}/${request.endpoint.model}`,
    };
    await client.request("sessions.create", params, { timeoutMs: controlTimeoutMs });
    return session;
  }

  /** The model sees what OpenClaw sends; nothing was to be restored. */
  promptMisses(): number {
    return 0;
  }

  async turn(text: string, signal: AbortSignal): Promise<AgentTurn> {
    this.#turns += 1;
    this.#failure = null;
    const before = this.#requests;
    const runId = `${this.#request.attemptKey}-${this.#parts.mark}-${this.#turns}`;
    try {
      const client = await this.#parts.link.client();
      const end = await this.#run(client, { runId, text }, signal);
      if (end.kind === "stopped") return end.turn;
      return this.#read(end, this.#requests > before);
    } catch (error) {
      if (!(error instanceof GatewayConnectionLost) && !(error instanceof GatewayRefusal)) throw error;
      const message = `the OpenClaw gateway at ${this.#parts.url}: ${error.message}`;
      return { status: "process-died", message };
    }
  }

  takeOwnCalls(): readonly OwnToolCall[] {
    const taken = this.#ownCalls;
    this.#ownCalls = [];
    return taken;
  }

  /** The gateway is not ours, and goes on: what the session has left in it is taken away. */
  async [Symbol.asyncDispose](): Promise<void> {
    try {
      const client = await this.#parts.link.client();
      const params = { key: this.#key, deleteTranscript: true };
      await client.request("sessions.delete", params, { timeoutMs: controlTimeoutMs });
    } catch (error) {
      // A gateway that is gone has forgotten it already, and one that is busy keeps a transcript more.
      if (!(error instanceof TollgateError)) throw error;
    }
  }

  get #key(): string {
    return `agent:main:${this.#request.attemptKey}-${this.#parts.mark}`;
  }

  async #run(
    client: GatewayClient,
    { runId, text }: { readonly runId: string; readonly text: string },
    signal: AbortSignal,
  ): Promise<AgentRunEnd> {
    const { relay, events } = this.#parts;
    const { endpoint, sampling, turnTimeoutMs, system, attemptKey } = this.#request;
    const traceId = traceIdOf(runId);
    relay.open(traceId, {
      endpoint,
      sampling,
      begun: () => `${attemptKey}-${(this.#requests += 1)}`,
      answered: (failure) => {
        this.#failure = failure === null ? null : { kind: "model", message: failure };
      },
    });
    events.begin(runId);
    try {
      const more = addedPrompt(system);
      const run = { message: asText(text), sessionKey: this.#key, runId, turnTimeoutMs, more };
      return await runAgent(client, run, signal);
    } finally {
      relay.close(traceId);
      this.#ownCalls.push(...events.end(runId));
    }
  }

  #read(end: Exclude<AgentRunEnd, { kind: "stopped" }>, hasAsked: boolean): AgentTurn {
    if (end.kind === "refused" && this.#failure === null && isOwnFault(end.error, hasAsked)) throw end.error;
    const outcome: TurnOutcome = {
      answer: null,
      failure: this.#failure,
      requests: this.#requests,
      misses: 0,
    };
    const turn = stockTurn(end, outcome);
    if (turn.status === "answered" && !hasAsked) {
      const message = `the OpenClaw gateway at ${this.#parts.url} answered without a model request that came through Tollgate: its reply is ${JSON.stringify(turn.text.slice(0, 200))}`;
      return { status: "process-died", message };
    }
    return isOfRequest(outcome.failure) && turn.status !== "answered"
      ? { ...turn, requestId: `${this.#request.attemptKey}-${this.#requests}` }
      : turn;
  }
}
