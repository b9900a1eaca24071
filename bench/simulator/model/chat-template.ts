import { readFileSync } from "node:fs";
import { Template } from "@huggingface/jinja";
import { z } from "zod";
import { pythonJson } from "./python-text.ts";

const textPart = z.object({ type: z.string(), text: z.string().optional() });
const content = z.union([z.string(), z.array(textPart)]).nullish();

const roles = ["system", "developer", "user", "assistant", "tool", "function"];

export const chatMessageSchema = z.object({
  role: z
    .string()
    .transform((role) => role.toLowerCase())
    .refine((role) => roles.includes(role), `must be one of ${roles.join(", ")}`),
  content,
  tool_call_id: z.string().nullish(),
  name: z.string().nullish(),
  tool_calls: z
    .array(z.object({ function: z.object({ name: z.string(), arguments: z.unknown() }) }))
    .nullish(),
});
export type TemplateMessage = z.infer<typeof chatMessageSchema>;

const functionSchema = z.object({
  description: z.string().nullish(),
  name: z.string(),
  parameters: z.unknown().optional(),
  strict: z.boolean().nullish(),
  defer_loading: z.boolean().nullish(),
  /** In the order of the client. */
  keys: z.array(z.string()),
});
export const chatToolSchema = z.object({
  type: z.string().default("function"),
  function: z.preprocess(withKeys, functionSchema),
  defer_loading: z.boolean().nullish(),
});
export type ChatTool = z.infer<typeof chatToolSchema>;

function withKeys(value: unknown): unknown {
  if (typeof value !== "object" || value === null) return value;
  return { ...value, keys: Object.keys(value) };
}

/** The messages cannot become a prompt; the text is what SGLang answers with status 400. */
export class PromptError extends Error {}

/** What versions do differently before the template. */
export interface PromptTraits {
  /** Arguments of calls in the history must be a JSON object; otherwise any JSON goes into the prompt. */
  readonly checksHistoryArguments: boolean;
  /**
   * Tools reach the template with the fields that the client sent, in its order, and one more. Otherwise with four fields in
   * one order, whatever the client sent.
   */
  readonly keepsToolFields: boolean;
}

/**
 * Messages to prompt text, normalised as SGLang does it before its template: null content is empty text, text parts are
 * joined with one space and other parts dropped, argument texts are parsed and written again as Python writes JSON, a
 * trailing assistant message becomes a user message, tools get the fields and the order of the version.
 */
export class ChatTemplate {
  readonly #template: Template;
  readonly #traits: PromptTraits;

  /** @param source Jinja text, e.g. `chat_template` of a tokenizer_config.json. */
  constructor(source: string, traits: PromptTraits) {
    this.#template = new Template(source);
    this.#traits = traits;
  }

  /** @throws PromptError */
  render(messages: readonly TemplateMessage[], tools: readonly ChatTool[]): string {
    const normalised = messages.map((message) => ({
      role: message.role,
      content: flattenContent(message.content),
      ...(message.role !== "user" && message.tool_calls != null && message.tool_calls.length > 0
        ? {
            tool_calls: message.tool_calls.map(({ function: call }) => ({
              function: this.#normaliseCall(call),
            })),
          }
        : {}),
    }));
    const last = normalised.at(-1);
    if (last?.role === "assistant") last.role = "user";
    return this.#template.render({
      messages: normalised,
      ...(tools.length > 0
        ? { tools: tools.map(this.#traits.keepsToolFields ? toolAsSent : toolInOrder) }
        : {}),
      add_generation_prompt: true,
    });
  }

  #normaliseCall({ name, arguments: raw }: HistoryCall): {
    readonly name: string;
    readonly arguments: string;
  } {
    if (typeof raw !== "string") return { name, arguments: pythonJson(JSON.stringify(raw ?? {})) };
    let text: string;
    try {
      text = pythonJson(raw);
    } catch (error) {
      if (!(error instanceof SyntaxError)) throw error;
      throw new PromptError(this.#traits.checksHistoryArguments ? notJson : parserText(raw), {
        cause: error,
      });
    }
    if (this.#traits.checksHistoryArguments && !text.startsWith("{"))
      throw new PromptError("Assistant tool call function.arguments must be a JSON object.");
    return { name, arguments: text };
  }
}

interface HistoryCall {
  readonly name: string;
  readonly arguments?: unknown;
}

const notJson = "Assistant tool call function.arguments must be valid JSON.";

/** What the JSON parser of 0.5.10 says of a text that breaks at its first character or just after a brace. */
function parserText(raw: string): string {
  const at = /^\s*\{\s*/.exec(raw)?.[0].length ?? 0;
  const what = at > 0 ? "expected a string key" : "expected a value";
  return `unexpected character, ${what}: line 1 column ${at + 1} (char ${at})`;
}

function flattenContent(value: TemplateMessage["content"]): string {
  if (typeof value === "string") return value;
  const parts = (value ?? []).filter(({ type }) => type === "text" || type === "input_text");
  return parts.map(({ text = "" }) => text).join(" ");
}

function toolInOrder({ type, function: { description, name, parameters, strict } }: ChatTool): unknown {
  return {
    type,
    function: {
      description: description ?? null,
      name,
      parameters: parameters ?? null,
      strict: strict ?? false,
    },
  };
}

function toolAsSent({ type, function: { keys, ...fields }, defer_loading: deferred }: ChatTool): unknown {
  const { description, name, parameters, strict } = fields;
  const later = fields.defer_loading ?? deferred ?? null;
  const told: Readonly<Record<string, unknown>> = {
    description: description ?? null,
    name,
    parameters: parameters ?? null,
    ...(strict == null ? {} : { strict }),
    ...(later === null ? {} : { defer_loading: later }),
  };
  const order = [
    ...keys.filter((key) => key in told),
    ...Object.keys(told).filter((key) => !keys.includes(key)),
  ];
  return {
    type,
    function: Object.fromEntries(order.map((key) => [key, told[key]])),
    defer_loading: deferred ?? null,
  };
}

/** The shipped template. */
export function loadChatTemplate(traits: PromptTraits): ChatTemplate {
  const file = readFileSync(new URL("tokenizer_config.json", import.meta.url), "utf8");
  const { chat_template: source } = z.object({ chat_template: z.string() }).parse(JSON.parse(file));
  return new ChatTemplate(source, traits);
}
