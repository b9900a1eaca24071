import { DialectError } from "../http/dialect-error.ts";
import type { ChatBody } from "./chat-body.ts";

/** Chat parameters that `/generate` takes under the same name. */
const sameName = [
  "temperature",
  "top_p",
  "top_k",
  "min_p",
  "frequency_penalty",
  "presence_penalty",
  "repetition_penalty",
  "stop",
  "stop_token_ids",
  "ignore_eos",
  "no_stop_trim",
  "logit_bias",
  "regex",
  "ebnf",
] as const;
const otherName = { seed: "sampling_seed", min_tokens: "min_new_tokens" } as const;

/** What would change the answer and cannot be said to `/generate`, or not without the engine's own rendering. */
const refused = [
  "top_logprobs",
  "continue_final_message",
  "input_ids",
  "functions",
  "function_call",
] as const;

/**
 * The parameters of a chat request as `/generate` takes them. What the request leaves open comes from the model's own
 * defaults, as SGLang's chat API does it; without a limit the answer may fill the context.
 * @throws {DialectError} 400 for what level L2 cannot pass on
 */
export function samplingParameters(
  body: ChatBody,
  defaults: Readonly<Record<string, number>>,
): Readonly<Record<string, unknown>> {
  const wrong = refused.find((name) => body[name] != null && body[name] !== false && body[name] !== 0);
  if (wrong !== undefined) throw new DialectError(400, `${wrong} is not supported at recording level L2`);
  if (body.logprobs === true)
    throw new DialectError(400, "logprobs are recorded at level L2 and not passed on: leave logprobs out");
  const { tool_choice: choice } = body;
  if (choice != null && choice !== "auto" && choice !== "none")
    throw new DialectError(400, 'tool_choice must be "auto" or "none" at recording level L2');
  const given = [
    ...sameName.map((name) => [name, body[name]] as const),
    ...Object.entries(otherName).map(([from, to]) => [to, body[from]] as const),
  ].filter(([, value]) => value != null);
  return {
    ...defaults,
    ...Object.fromEntries(given),
    ...schemaOf(body["response_format"]),
    max_new_tokens: body.max_completion_tokens ?? body.max_tokens ?? null,
    // Tool calls may be written with special tokens; the parser needs to see them.
    skip_special_tokens: (body.tools ?? []).length > 0 ? false : (body["skip_special_tokens"] ?? true),
  };
}

function schemaOf(format: unknown): Readonly<Record<string, string>> {
  if (typeof format !== "object" || format === null || !("type" in format) || format.type === "text")
    return {};
  if (format.type === "json_object") return { json_schema: '{"type": "object"}' };
  const schema = (format as { json_schema?: { schema?: unknown } }).json_schema?.schema;
  if (format.type === "json_schema" && schema !== undefined) return { json_schema: JSON.stringify(schema) };
  throw new DialectError(400, "response_format must be text, json_object or json_schema with a schema");
}

/** Stop texts of a request. */
export function stopTexts({ stop }: ChatBody): readonly string[] {
  return typeof stop === "string" ? [stop] : (stop ?? []);
}
