import { randomUUID } from "node:crypto";
import type { IncomingMessage, ServerResponse } from "node:http";
import type { EngineCore, Ticket } from "../engine/engine.ts";
import { type OutputPlan, planOutput, type SamplingLimits } from "../engine/output-plan.ts";
import type { FinishReason } from "../scheduling/sequence.ts";
import type { RequestFaults } from "../settings/faults.ts";
import type { ToolChoice } from "../policy/forced-call.ts";
import { parseReference } from "../policy/reference.ts";
import { type PolicyReply, type ReplyCall, say, writeReply } from "../policy/reply.ts";
import { UnknownScenarioError } from "../policy/scripted-agent.ts";
import { ApiError, identityHeaders } from "./http.ts";
import { checkContext } from "./chat-request.ts";

/** One HTTP request that generates, from whichever endpoint. */
export interface HttpExchange {
  readonly engine: EngineCore;
  readonly request: IncomingMessage;
  readonly response: ServerResponse;
  /** When the request's head was there, monotonic. */
  readonly receivedNs: number;
  /** Ends the process as a crash would. */
  readonly die: () => void;
}

export interface GenerationRequest {
  readonly promptText: string;
  readonly promptIds: Int32Array;
  readonly toolChoice: ToolChoice;
  /** null: the request named none. */
  readonly seed: number | null;
  readonly limits: SamplingLimits;
  readonly streamed: boolean;
  /** Nothing of the prompt may come from the cache. */
  readonly computesWholePrompt?: boolean;
  /** The output is held to a grammar. */
  readonly isStructured?: boolean;
  readonly rid: string | null;
  readonly endpoint: string;
  readonly receivedNs: number;
  readonly arrivalNs: number;
  readonly faults: RequestFaults;
}

export function newRequestId(): string {
  return randomUUID().replaceAll("-", "");
}

/** Asks the scripted model and cuts its reply to the request's limits. @throws ApiError 400 */
export function planGeneration({ engine, request }: HttpExchange, generation: GenerationRequest): OutputPlan {
  const { promptIds, promptText, toolChoice, seed, limits } = generation;
  if (promptIds.length === 0) throw new ApiError(400, "input_ids cannot be empty.");
  const { roomTokens } = checkContext(engine, promptIds.length, limits.maxNewTokens);
  const header = request.headers["x-tollgate-ref"];
  const reference = typeof header === "string" ? parseReference(header) : null;
  if (header !== undefined && reference === null)
    throw new ApiError(400, "x-tollgate-ref must be <domain>/<encodeURIComponent(taskId)>/<trial>.");
  let reply: PolicyReply;
  try {
    reply = engine.model({ text: promptText, toolChoice, seed, reference });
  } catch (error) {
    if (error instanceof UnknownScenarioError) throw new ApiError(400, `Simulator: ${error.message}.`);
    throw error;
  }
  if (generation.faults.malformedToolJson) reply = { ...reply, calls: reply.calls.map(withoutBrace) };
  // What is forced is one call.
  if (engine.sglang.listsForcedCalls && isForced(toolChoice))
    reply = { ...reply, calls: reply.calls.slice(0, 1).map((call) => ({ ...call, isListed: true })) };
  if (engine.faults.noToolParser && generation.endpoint === "/v1/chat/completions")
    reply = say(writeReply(reply).text);
  return planOutput(reply, limits, { tokenizer: engine.tokenizer, roomTokens });
}

function withoutBrace(call: ReplyCall): ReplyCall {
  return { ...call, argumentsText: call.argumentsText.slice(0, -1) };
}

function isForced(choice: ToolChoice): boolean {
  return choice === "required" || typeof choice === "object";
}

export interface GenerationListener {
  readonly onToken: (count: number, ticket: Ticket) => void;
  readonly onFinish: (finish: FinishReason, ticket: Ticket) => void;
}

/**
 * Runs a planned generation and keeps it tied to its client: a client that goes away aborts it, the faults that strike in
 * mid-answer strike here.
 */
export function runGeneration(
  exchange: HttpExchange,
  { generation, plan, id }: { generation: GenerationRequest; plan: OutputPlan; id: string },
  listener: GenerationListener,
): void {
  const { engine, request, response } = exchange;
  const { faults } = generation;
  let isCut = false;
  const half = Math.max(1, Math.floor(plan.ids.length / 2));
  const ticket = engine.submit({
    id,
    endpoint: generation.endpoint,
    headers: identityHeaders(request),
    promptIds: generation.promptIds,
    computesWholePrompt: generation.computesWholePrompt ?? false,
    isStructured: generation.isStructured ?? false,
    plan,
    streamed: generation.streamed,
    counted: true,
    receivedNs: generation.receivedNs,
    arrivalNs: generation.arrivalNs,
    onToken: (count) => {
      listener.onToken(count, ticket);
      if (count !== half) return;
      if (faults.die) exchange.die();
      if (!faults.cut) return;
      isCut = true;
      ticket.abort("Injected fault cut-stream");
      // Later, so that the chunks so far go out before the connection does.
      setImmediate(() => response.destroy());
    },
    onFinish: (finish) => {
      if (!isCut && !response.destroyed) listener.onFinish(finish, ticket);
    },
  });
  const abortUnlessSent = () => {
    if (!response.writableFinished) ticket.abort("Client disconnected");
  };
  response.on("close", abortUnlessSent);
  // It may have left while its body was read.
  if (response.destroyed) abortUnlessSent();
}
