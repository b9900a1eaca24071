import type { Trajectory } from "../store/record.ts";
import { parseForTemplate } from "../gateway/rendering/python-literals.ts";
import type { InlinedTrajectory } from "./inlined-trajectory.ts";
import type { TokenSequence } from "../tokens/token-sequences.ts";
import { argumentObject } from "./sft-arguments.ts";
import { tokensOfRequests, type TokensOfRequest } from "./request-tokens.ts";

type Message = Trajectory["messages"][number];
type Spoken = Extract<Message, { readonly content: string | null; readonly usage: unknown }>;
type ToolResult = Extract<Message, { readonly role: "tool" }>;

/** A step of ATIF, as far as Tollgate has something to say. Absent fields are left out. */
export interface AtifStep {
  readonly step_id: number;
  readonly source: "system" | "user" | "agent";
  readonly message: string;
  readonly reasoning_content?: string;
  readonly tool_calls?: readonly object[];
  readonly observation?: { readonly results: readonly object[] };
  readonly metrics?: AtifMetrics;
  readonly llm_call_count?: 0 | 1;
  readonly extra?: object;
}

export interface AtifMetrics {
  readonly prompt_tokens?: number;
  readonly completion_tokens?: number;
  readonly cached_tokens?: number | null;
  readonly prompt_token_ids?: readonly number[];
  readonly completion_token_ids?: readonly number[];
  readonly logprobs?: readonly number[];
}

/** The conversation as ATIF steps: the system message, then one step per message, tool results inside the step that called. */
export function atifSteps(whole: InlinedTrajectory): AtifStep[] {
  const { messages } = whole.trajectory;
  const tokens = tokensOfRequests(whole);
  const uniqueId = uniqueIds();
  const steps: AtifStep[] = [{ step_id: 1, source: "system", message: whole.system }];
  for (const [index, message] of messages.entries()) {
    if (message.role === "tool") continue;
    const results = resultsAfter(messages, index);
    const step =
      message.role === "user"
        ? userStep(message, results)
        : agentStep(message, { results, tokens, uniqueId });
    steps.push({ step_id: steps.length + 1, ...step });
  }
  return steps;
}

/** Some servers number calls per answer, or give all of them one id; in ATIF an id names one call of the trajectory. */
function uniqueIds(): (id: string) => string {
  const given = new Set<string>();
  return (id) => {
    let unique = id;
    for (let time = 2; given.has(unique); time += 1) unique = `${id}#${time}`;
    given.add(unique);
    return unique;
  };
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
    : {
        ...step,
        extra: {
          user_tool_calls: message.toolCalls,
          user_tool_results: results.map((one) => resultOf(one, one.toolCallId)),
        },
      };
}

interface AgentContext {
  readonly results: readonly ToolResult[];
  readonly tokens: TokensOfRequest;
  readonly uniqueId: (id: string) => string;
}

function agentStep(message: Spoken, { results, tokens, uniqueId }: AgentContext): Omit<AtifStep, "step_id"> {
  const { requestId, content, reasoning = "" } = message;
  const calls = (message.toolCalls ?? []).map((call) => ({ call, unique: uniqueId(call.id) }));
  const open = [...calls];
  const observed = results.map((result) => {
    const at = open.findIndex(({ call }) => call.id === result.toolCallId);
    return resultOf(result, at === -1 ? null : (open.splice(at, 1)[0]?.unique ?? null));
  });
  return {
    source: "agent",
    message: content ?? "",
    ...(requestId === null || reasoning === "" ? {} : { reasoning_content: reasoning }),
    ...(message.toolCalls === null
      ? {}
      : { tool_calls: calls.map(({ call, unique }) => toolCallOf(call, unique)) }),
    ...(observed.length === 0 ? {} : { observation: { results: observed } }),
    ...(requestId === null
      ? { llm_call_count: 0 }
      : { llm_call_count: 1, metrics: metricsOf(message, tokens(requestId)) }),
  };
}

type ToolCall = NonNullable<Spoken["toolCalls"]>[number];

/** ATIF wants an object, whose numbers are marked for `restoreLiterals`. What the model wrote stands beside it. */
function toolCallOf({ id, name, arguments: text }: ToolCall, unique: string): object {
  const read = argumentObject(text);
  return {
    tool_call_id: unique,
    function_name: name,
    arguments: read === null ? {} : parseForTemplate(read.json),
    extra: {
      arguments_text: text,
      ...(read === null ? { arguments_invalid: true } : {}),
      ...(unique === id ? {} : { id_of_server: id }),
    },
  };
}

/** @param call id of the call in this step; null for a result of none */
function resultOf({ toolCallId, content, error, answeredBy }: ToolResult, call: string | null): object {
  const extra = { error, answered_by: answeredBy };
  return call === null
    ? { content, extra: { ...extra, result_of_unknown_call: toolCallId } }
    : { source_call_id: call, content, extra };
}

function metricsOf({ usage }: Spoken, tokens: TokenSequence | null): AtifMetrics {
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
