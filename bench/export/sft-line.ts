import { spelledAlike } from "../store/json-text.ts";
import type { SftMessage } from "./sft-messages.ts";

export interface LineParts {
  readonly messages: readonly SftMessage[];
  /** JSON text of the tools array. */
  readonly tools: string;
  /** Which messages are targets, by index. */
  readonly trained: ReadonlySet<number>;
}

/**
 * A line of `sft.jsonl`: `{messages, tools}`. Arguments are objects, as templates want them; `arguments_text` of a message
 * holds, call by call, what the model wrote where an object cannot say it. `weight` 0 marks assistant messages that are
 * context and no target. Without tools there is no `tools`: to some templates an empty list is a list.
 */
export function sftLine({ messages, tools, trained }: LineParts): string {
  const written = messages.map((message, index) => messageText(message, trained.has(index) ? 1 : 0));
  const members: (readonly [string, string])[] = [["messages", arrayText(written)]];
  if (spelledAlike(tools) !== "[]") members.push(["tools", tools]);
  return objectText(members);
}

function messageText(message: SftMessage, weight: 0 | 1): string {
  const { role, content, reasoning, calls, toolCallId } = message;
  const members: (readonly [string, string])[] = [["role", JSON.stringify(role)]];
  if (toolCallId !== null) members.push(["tool_call_id", JSON.stringify(toolCallId)]);
  members.push(["content", JSON.stringify(content)]);
  if (role !== "assistant") return objectText(members);
  if (reasoning !== "") members.push(["reasoning_content", JSON.stringify(reasoning)]);
  if (calls.length > 0) members.push(["tool_calls", arrayText(calls.map(callText))]);
  if (calls.some(({ arguments: { own } }) => own !== null))
    members.push(["arguments_text", JSON.stringify(calls.map(({ arguments: { own } }) => own))]);
  return objectText([...members, ["weight", String(weight)]]);
}

function callText({ id, name, arguments: { json } }: SftMessage["calls"][number]): string {
  return objectText([
    ["id", JSON.stringify(id)],
    ["type", '"function"'],
    [
      "function",
      objectText([
        ["name", JSON.stringify(name)],
        ["arguments", json],
      ]),
    ],
  ]);
}

/** JSON made of parts that are JSON texts already: what a parser would spell anew stays as it was written. */
function objectText(members: readonly (readonly [key: string, json: string])[]): string {
  return `{${members.map(([key, json]) => `${JSON.stringify(key)}:${json}`).join(",")}}`;
}

function arrayText(items: readonly string[]): string {
  return `[${items.join(",")}]`;
}
