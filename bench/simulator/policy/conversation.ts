import { z } from "zod";
import type { ReplyCall } from "./reply.ts";

/** A chat prompt read back into its turns. */
export interface PlayedConversation {
  readonly tools: readonly ConversationTool[];
  readonly turns: readonly Turn[];
}

export interface ConversationTool {
  readonly name: string;
  readonly parameters: unknown;
}

export interface Turn {
  readonly role: string;
  /** For an assistant turn: the text before the first tool call. */
  readonly text: string;
  readonly calls: readonly ReplyCall[];
}

const toolLineSchema = z.object({
  function: z.object({ name: z.string(), parameters: z.unknown().optional() }),
});
const turnStart = "<|im_start|>";
const turnEnd = "<|im_end|>";
const callPattern = /<tool_call>\n\{"name": ("(?:[^"\\]|\\.)*"), "arguments": ([\s\S]*?)\}\n<\/tool_call>/g;

/**
 * Reads a prompt that the chat template rendered. The scripted policies see nothing else, as a model would: the same
 * prompt gives the same reply whether it came as messages or as token ids. null when the text is no chat prompt.
 */
export function readConversation(prompt: string): PlayedConversation | null {
  if (!prompt.includes(turnStart)) return null;
  let tools: readonly ConversationTool[] = [];
  const turns: Turn[] = [];
  for (const block of prompt.split(turnStart).slice(1)) {
    const end = block.lastIndexOf(turnEnd);
    // The block without an end is the open assistant turn that the reply continues.
    if (end < 0) continue;
    const lineEnd = block.indexOf("\n");
    const role = block.slice(0, lineEnd);
    const body = block.slice(lineEnd + 1, end);
    if (role === "system") tools = [...tools, ...readTools(body)];
    turns.push(role === "assistant" ? readAssistantTurn(body) : { role, text: body, calls: [] });
  }
  return { tools, turns };
}

function readTools(system: string): ConversationTool[] {
  const start = system.lastIndexOf("<tools>\n");
  const end = system.lastIndexOf("\n</tools>");
  if (start < 0 || end < start) return [];
  return system
    .slice(start + "<tools>\n".length, end)
    .split("\n")
    .map((line) => toolLineSchema.parse(JSON.parse(line)).function)
    .map(({ name, parameters }) => ({ name, parameters }));
}

function readAssistantTurn(body: string): Turn {
  const calls = [...body.matchAll(callPattern)].map(([, name = '""', argumentsText = "{}"]) => ({
    name: z.string().parse(JSON.parse(name)),
    argumentsText,
  }));
  const firstCall = body.indexOf("<tool_call>\n");
  const text = firstCall < 0 || calls.length === 0 ? body : body.slice(0, firstCall).replace(/\n$/, "");
  return { role: "assistant", text, calls };
}
