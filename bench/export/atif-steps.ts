import type { Trajectory } from "../store/record.ts";
import type { InlinedTrajectory } from "./inlined-trajectory.ts";
import type { TokenSequence } from "../tokens/token-sequences.ts";
import { tokensOfRequests, type TokensOfRequest } from "./request-tokens.ts";

type Message = Trajectory["messages"][number];
type Spoken = Extract<Message, { readonly content: string | null; readonly usage: unknown }>;
type ToolResult = Extract<Message, { readonly role: "tool" }>;

/** A step of ATIF, as far as Tollgate has something to say. Absent fields are left out. */
export interface AtifStep {
  readonly step_id: number;
  readonly source: "system" | "user" | "agent";
  readonly message: string;
  readonly tool_calls?: readonly object[];
  readonly observation?: { readonly results: readonly object[] };
  readonly metrics?: object;
  readonly llm_call_count?: 0 | 1;
  readonly extra?: object;
}

/** The conversation as ATIF steps: the system message, then one step per message, tool results inside the step that called. */
export function atifSteps(whole: InlinedTrajectory): AtifStep[] {
  const { messages } = whole.trajectory;
  const tokens = tokensOfRequests(whole);
  const steps: AtifStep[] = [{ step_id: 1, source: "system", message: whole.system }];
  for (const [index, message] of messages.entries()) {
    if (message.role === "tool") continue;
    const results = resultsAfter(messages, index);
    const step =
      message.role === "user" ? userStep(message, results) : agentStep(message, { results, tokens });
    steps.push({ step_id: steps.length + 1, ...step });
  }
  return steps;
}

function resultsAfter(messages: readonly Message[], index: number): ToolResult[] {
  const results: ToolResult[] = [];
  for (const message of messages.slice(index + 1)) {
    if (message.role !== "tool") break;
    results.push(message);
  }
  return results;
}

/** Only agents have tool calls in ATIF; those of tau2's simulated user are kept beside the format. */
function userStep(message: Spoken, results: readonly ToolResult[]): Omit<AtifStep, "step_id"> {
  const step = { source: "user", message: message.content ?? "" } as const;
  return message.toolCalls === null
    ? step
    : { ...step, extra: { user_tool_calls: message.toolCalls, user_tool_results: results.map(resultOf) } };
}

interface AgentContext {
  readonly results: readonly ToolResult[];
  readonly tokens: TokensOfRequest;
}

function agentStep(message: Spoken, { results, tokens }: AgentContext): Omit<AtifStep, "step_id"> {
  const { requestId, content, toolCalls } = message;
  return {
    source: "agent",
    message: content ?? "",
    ...(toolCalls === null ? {} : { tool_calls: toolCalls.map(toolCallOf) }),
    ...(results.length === 0 ? {} : { observation: { results: results.map(resultOf) } }),
    ...(requestId === null
      ? { llm_call_count: 0 }
      : { llm_call_count: 1, metrics: metricsOf(message, tokens(requestId)) }),
  };
}

type ToolCall = NonNullable<Spoken["toolCalls"]>[number];

/** ATIF wants an object. What the model wrote stands beside it: numbers lose their spelling in a parser. */
function toolCallOf({ id, name, arguments: text }: ToolCall): object {
  const parsed = parseObject(text);
  return {
    tool_call_id: id,
    function_name: name,
    arguments: parsed ?? {},
    extra: parsed === null ? { arguments_text: text, arguments_invalid: true } : { arguments_text: text },
  };
}

function parseObject(text: string): object | null {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === "object" && value !== null && !Array.isArray(value) ? value : null;
  } catch {
    return null;
  }
}

function resultOf({ toolCallId, content, error, answeredBy }: ToolResult): object {
  return { source_call_id: toolCallId, content, extra: { error, answered_by: answeredBy } };
}

function metricsOf({ usage }: Spoken, tokens: TokenSequence | null): object {
  const start = tokens?.turns.indexOf(tokens.call) ?? -1;
  return {
    ...(usage === null
      ? {}
      : {
          prompt_tokens: usage.promptTokens,
          completion_tokens: usage.completionTokens,
          cached_tokens: usage.cachedTokens,
        }),
    ...(tokens === null || start === -1
      ? {}
      : {
          prompt_token_ids: [...tokens.ids.subarray(0, start)],
          completion_token_ids: [...tokens.ids.subarray(start)],
          logprobs: [...tokens.logprobs.subarray(start)],
        }),
  };
}
