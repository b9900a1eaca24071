import { z } from "zod";
import { pythonJson } from "../model/python-text.ts";
import type { PlayedConversation } from "./conversation.ts";
import { callTool, type PolicyReply, say } from "./reply.ts";

/** `auto`: none of this applies. `required`: some tool must be called. `{ name }`: that tool must be called. */
export type ToolChoice = "auto" | "none" | "required" | { readonly name: string };

const requestedCall = /\[call ([A-Za-z0-9_.-]+)(?: (\{[\s\S]*\}))?\]/;

/**
 * Replies that do not belong to an episode but are asked for: by `tool_choice`, or by a user text `[call NAME JSON]`.
 * null when nothing is asked for.
 */
export function forcedReply(conversation: PlayedConversation, choice: ToolChoice): PolicyReply | null {
  const { tools, turns } = conversation;
  const last = turns.at(-1);
  const request = last?.role === "user" ? requestedCall.exec(last.text) : null;
  const name = typeof choice === "object" ? choice.name : (request?.[1] ?? null);
  if (name === null && choice !== "required") return null;
  const tool = name === null ? tools[0] : tools.find((tool) => tool.name === name);
  if (tool === undefined) return say(`I cannot call ${name ?? "a tool"} because I do not have that tool.`);
  if (request?.[1] === tool.name && request[2] !== undefined && isJson(request[2]))
    return callTool(tool.name, pythonJson(request[2]));
  return callTool(tool.name, pythonJson(JSON.stringify(smallestObject(tool.parameters))));
}

function isJson(text: string): boolean {
  try {
    JSON.parse(text);
    return true;
  } catch (error) {
    if (error instanceof SyntaxError) return false;
    throw error;
  }
}

const schemaSchema = z.object({
  type: z.string().optional(),
  enum: z.array(z.unknown()).optional(),
  properties: z.record(z.string(), z.unknown()).optional(),
  required: z.array(z.string()).optional(),
});

/** Required properties only, each with the plainest value of its type. */
function smallestObject(schema: unknown): Record<string, unknown> {
  const { properties = {}, required = [] } = schemaSchema.catch({}).parse(schema);
  return Object.fromEntries(required.map((name) => [name, smallestValue(properties[name])]));
}

function smallestValue(schema: unknown): unknown {
  const { type, enum: choices } = schemaSchema.catch({}).parse(schema);
  if (choices !== undefined) return choices[0];
  if (type === "object") return smallestObject(schema);
  if (type === "array") return [];
  if (type === "boolean") return false;
  return type === "integer" || type === "number" ? 0 : "x";
}
