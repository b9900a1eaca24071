import type { AgentSession, AgentSessionRequest, AgentTurn, OwnToolCall } from "../agent.ts";
import { addedPrompt, runAgent, type AgentRunEnd } from "./agent-run.ts";
import { exactTurn, isOfRequest, isOwnFault, stockTurn } from "./ended-turn.ts";
import { openReplySchema, outcomeSchema, ownCallsSchema } from "./frames.ts";
import type { GatewayProcess } from "./gateway-process.ts";
import { asText, deliverable } from "./sent-text.ts";
import { GatewayConnectionLost, GatewayRefusal, readAnswer } from "./websocket-client.ts";

/** How long a request that does no model work may take, e.g. on a loaded machine. */
const controlTimeoutMs = 30_000;

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
      return isOfRequest(outcome.failure) && turn.status !== "answered"
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

  async #run(message: string, signal: AbortSignal): Promise<AgentRunEnd> {
    const { attemptKey, turnTimeoutMs, system } = this.#request;
    return await runAgent(
      this.#gateway.client,
      {
        message,
        sessionKey: this.#sessionKey,
        runId: `${attemptKey}-${this.#turns}`,
        turnTimeoutMs,
        more: this.#stock ? addedPrompt(system) : { promptMode: "minimal" },
      },
      signal,
    );
  }

  async #died({ message }: GatewayConnectionLost): Promise<AgentTurn> {
    const how = await this.#gateway.exited;
    const died = `OpenClaw process ${this.#gateway.name} is gone (${how}): ${message}`;
    return { status: "process-died", message: died };
  }
}

/** What a session needs of the process that runs it. */
type SessionGateway = Pick<GatewayProcess, "name" | "client" | "exited">;

interface SessionState {
  readonly prompt: "exact" | "stock";
  readonly release: () => void;
}
