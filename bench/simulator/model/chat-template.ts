import { readFileSync } from "node:fs";
import { Template } from "@huggingface/jinja";
import { z } from "zod";
import { pythonJson } from "./python-text.ts";

const textPart = z.object({ type: z.string(), text: z.string().optional() });
const content = z.union([z.string(), z.array(textPart)]).nullish();

export const chatMessageSchema = z.object({
  role: z.string().transform((role) => role.toLowerCase()),
  content,
  tool_call_id: z.string().nullish(),
  name: z.string().nullish(),
  tool_calls: z
    .array(z.object({ function: z.object({ name: z.string(), arguments: z.unknown() }) }))
    .nullish(),
});
export type TemplateMessage = z.infer<typeof chatMessageSchema>;

export const chatToolSchema = z.object({
  type: z.string().default("function"),
  function: z.object({
    description: z.string().nullish(),
    name: z.string(),
    parameters: z.unknown(),
    strict: z.boolean().default(false),
  }),
});
export type ChatTool = z.infer<typeof chatToolSchema>;

/** The messages cannot become a prompt; the text is what SGLang answers with status 400. */
export class PromptError extends Error {}

/**
 * Messages to prompt text, normalised as SGLang does it before its template: null content is empty text, text parts are
 * joined with one space and other parts dropped, argument texts are parsed and written again as Python writes JSON, a
 * trailing assistant message becomes a user message, tools get SGLang's key order.
 */
export class ChatTemplate {
  readonly #template: Template;

  /** @param source Jinja text, e.g. `chat_template` of a tokenizer_config.json. */
  constructor(source: string) {
    this.#template = new Template(source);
  }

  /** @throws PromptError */
  render(messages: readonly TemplateMessage[], tools: readonly ChatTool[]): string {
    const normalised = messages.map((message) => ({
      role: message.role,
      content: flattenContent(message.content),
      ...(message.role !== "user" && message.tool_calls != null && message.tool_calls.length > 0
        ? { tool_calls: message.tool_calls.map(({ function: call }) => ({ function: normaliseCall(call) })) }
        : {}),
    }));
    const last = normalised.at(-1);
    if (last?.role === "assistant") last.role = "user";
    return this.#template.render({
      messages: normalised,
      ...(tools.length > 0 ? { tools: tools.map(orderTool) } : {}),
      add_generation_prompt: true,
    });
  }
}

function flattenContent(value: TemplateMessage["content"]): string {
  if (typeof value === "string") return value;
  const parts = (value ?? []).filter(({ type }) => type === "text" || type === "input_text");
  return parts.map(({ text = "" }) => text).join(" ");
}

function normaliseCall(call: { readonly name: string; readonly arguments?: unknown }): {
  readonly name: string;
  readonly arguments: string;
} {
  const { name, arguments: raw } = call;
  if (typeof raw !== "string") return { name, arguments: pythonJson(JSON.stringify(raw ?? {})) };
  let text: string;
  try {
    text = pythonJson(raw);
  } catch (error) {
    if (error instanceof SyntaxError)
      throw new PromptError("Assistant tool call function.arguments must be valid JSON.", { cause: error });
    throw error;
  }
  if (!text.startsWith("{"))
    throw new PromptError("Assistant tool call function.arguments must be a JSON object.");
  return { name, arguments: text };
}

function orderTool({ type, function: { description, name, parameters, strict } }: ChatTool): unknown {
  return {
    type,
    function: { description: description ?? null, name, parameters: parameters ?? null, strict },
  };
}

/** The shipped template. */
export function loadChatTemplate(): ChatTemplate {
  const file = readFileSync(new URL("tokenizer_config.json", import.meta.url), "utf8");
  return new ChatTemplate(z.object({ chat_template: z.string() }).parse(JSON.parse(file)).chat_template);
}
