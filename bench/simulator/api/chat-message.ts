import { randomUUID } from "node:crypto";
import type { OutputPlan } from "../engine/output-plan.ts";
import type { WrittenCall } from "../policy/reply.ts";
import type { FinishReason } from "../scheduling/sequence.ts";
import type { SglangTraits } from "../settings/sglang.ts";
import type { SimulatedChatRequest } from "./chat-request.ts";
import { matchedStopOf, type ToolCallShape } from "./chat-shapes.ts";

export function newToolCallId(): string {
  return `call_${randomUUID().replaceAll("-", "").slice(0, 24)}`;
}

/** What of the reply the tool parser takes for a call: nothing without tools, and nothing of a tool that nobody offered. */
export interface ParsedReply {
  /** The parser reads the answer. */
  readonly isActive: boolean;
  readonly isForced: boolean;
  /** Those of tools that the request has, by their place in the reply. */
  readonly calls: ReadonlyMap<number, ParsedCall>;
}

export interface ParsedCall {
  readonly written: WrittenCall;
  /** Place among the calls that the answer tells. */
  readonly index: number;
  /** Place of the called tool among those of the request. */
  readonly toolIndex: number;
}

export function parsedReply(request: SimulatedChatRequest, plan: OutputPlan, noParser: boolean): ParsedReply {
  const { tools, tool_choice: choice } = request;
  const isActive = !noParser && choice !== "none" && (tools ?? []).length > 0;
  const isForced = choice === "required" || (typeof choice === "object" && choice !== null);
  const calls = new Map<number, ParsedCall>();
  for (const [place, written] of plan.reply.calls.entries()) {
    const toolIndex = (tools ?? []).findIndex((tool) => tool.function.name === written.name);
    if (isActive && toolIndex >= 0) calls.set(place, { written, index: calls.size, toolIndex });
  }
  return { isActive, isForced, calls };
}

/** The message of an answer in one piece, with how it ended. */
export interface WholeMessage {
  readonly message: Record<string, unknown>;
  readonly finishReason: string;
  readonly matchedStop: number | string | null;
}

export function wholeMessage(
  plan: OutputPlan,
  { parsed, finish, sglang }: { parsed: ParsedReply; finish: FinishReason; sglang: SglangTraits },
): WholeMessage {
  const { calls, text } = readWhole(plan, parsed, sglang);
  const isCalled = finish.type === "stop" && plan.complete && calls !== null;
  const content = text === "" && sglang.writesNulls ? null : text;
  const told = { role: "assistant", content, reasoning_content: null };
  return {
    message: calls === null && !sglang.writesNulls ? told : { ...told, tool_calls: calls },
    finishReason: isCalled ? "tool_calls" : finish.type,
    matchedStop: isCalled ? null : matchedStopOf(finish),
  };
}

/** A call that was cut is dropped with all that follows its marker; only 0.5.10 shows the JSON of a forced one. Those before it stand. */
function readWhole(
  plan: OutputPlan,
  parsed: ParsedReply,
  sglang: SglangTraits,
): { readonly calls: readonly ToolCallShape[] | null; readonly text: string } {
  const [first] = plan.reply.calls;
  const isBegun = first !== undefined && plan.text.length >= first.start + first.marker.length;
  if (!parsed.isActive || first === undefined || !isBegun) return { calls: null, text: plan.text };
  const isList = first.isListed === true;
  if (isList && !plan.complete) return { calls: null, text: plan.text };
  const text = plan.text.slice(0, first.start).trim();
  const whole = [...parsed.calls.values()].filter(
    ({ written }) => plan.complete || written.end <= plan.text.length,
  );
  if (whole.length === 0) return { calls: sglang.writesNulls ? [] : null, text };
  const calls = whole.map(({ written, index, toolIndex }): ToolCallShape => ({
    id: newToolCallId(),
    // In 0.5.10 the place of the tool in the request, unless the call was forced.
    index: sglang.writesNulls && !isList ? toolIndex : index,
    type: "function",
    function: { name: written.name, arguments: written.argumentsText },
  }));
  return { calls, text };
}
