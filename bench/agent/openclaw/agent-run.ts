import { createHash } from "node:crypto";
import type { AgentTurn } from "../agent.ts";
import { type RunResult, runResultSchema } from "./frames.ts";
import { type GatewayClient, GatewayRefusal, readAnswer } from "./websocket-client.ts";
import { Deadline, longestTimerMs } from "../../measure/deadline.ts";

/** How long a run may need to end after it was aborted. */
const abortGraceMs = 15_000;

/** What a run of the agent ended with, before it is read together with what else was seen of it. */
export type AgentRunEnd =
  | { readonly kind: "result"; readonly result: RunResult }
  | { readonly kind: "refused"; readonly error: GatewayRefusal }
  | { readonly kind: "stopped"; readonly turn: AgentTurn };

/** One turn of a session, as OpenClaw is asked for it. */
export interface AgentRun {
  readonly message: string;
  readonly sessionKey: string;
  /** OpenClaw answers one that it has seen before from memory. */
  readonly runId: string;
  readonly turnTimeoutMs: number;
  /** Further parameters of `agent`. */
  readonly more: Readonly<Record<string, unknown>>;
}

/**
 * Has OpenClaw run one turn, and aborts it when its time is over or the signal says so.
 * @throws {GatewayConnectionLost}
 */
export async function runAgent(
  client: GatewayClient,
  run: AgentRun,
  signal: AbortSignal,
): Promise<AgentRunEnd> {
  const { message, sessionKey, runId, turnTimeoutMs, more } = run;
  using deadline = new Deadline(turnTimeoutMs, signal);
  const stop = deadline.signal;
  const abort = (): void => {
    client.request("chat.abort", { sessionKey, runId }, { timeoutMs: abortGraceMs }).catch(() => undefined);
  };
  stop.addEventListener("abort", abort, { once: true });
  try {
    if (signal.aborted) return { kind: "stopped", turn: { status: "aborted" } };
    const params = {
      message,
      sessionKey,
      idempotencyKey: runId,
      deliver: false,
      timeout: Math.ceil(Math.min(turnTimeoutMs + abortGraceMs, longestTimerMs - 1000) / 1000),
      ...more,
    };
    const options = { timeoutMs: turnTimeoutMs + 2 * abortGraceMs, traceparent: traceparentOf(runId) };
    const payload = await client.request("agent", params, options);
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

export function addedPrompt(system: string): { readonly extraSystemPrompt?: string } {
  return system === "" ? {} : { extraSystemPrompt: system };
}

function stopped(signal: AbortSignal, turnTimeoutMs: number): AgentTurn {
  return signal.aborted ? { status: "aborted" } : { status: "timed-out", afterMs: turnTimeoutMs };
}

/** A trace id that is the same for every request of one turn. OpenClaw passes it on to its model requests. */
export function traceIdOf(runId: string): string {
  return createHash("sha256").update(runId).digest("hex").slice(0, 32);
}

function traceparentOf(runId: string): string {
  const hex = createHash("sha256").update(runId).digest("hex");
  return `00-${hex.slice(0, 32)}-${hex.slice(32, 48)}-01`;
}
