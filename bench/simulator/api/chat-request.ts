import { z } from "zod";
import type { EngineCore } from "../engine/engine.ts";
import { type ChatTool, chatMessageSchema, chatToolSchema, PromptError } from "../model/chat-template.ts";
import type { ToolChoice } from "../policy/forced-call.ts";
import { ApiError } from "./http.ts";
import { checkSampling, sampledNumbers } from "./sampling-limits.ts";
import { schemaFlaw } from "./schema-flaw.ts";

/** Messages with tools, as `/v1/chat/completions` and `/tokenize` take them. */
export const promptSchema = z.object({
  messages: z.array(chatMessageSchema),
  tools: z.array(chatToolSchema).nullish(),
  tool_choice: z
    .union([
      z.enum(["auto", "none", "required"]),
      z.object({ type: z.literal("function"), function: z.object({ name: z.string() }) }),
    ])
    .nullish(),
  /** A prompt that is already tokenised; the messages then do not matter. */
  input_ids: z.array(z.number().int().min(0)).nullish(),
});

const count = z.number().int();
const flag = z.boolean().nullish();

/** What the simulator takes from a chat request; everything else is dropped, as SGLang does. */
export const chatRequestSchema = promptSchema.extend({
  model: z.string().nullish(),
  stream: flag,
  stream_options: z.object({ include_usage: flag, continuous_usage_stats: flag }).nullish(),
  max_tokens: count.nullish(),
  max_completion_tokens: count.nullish(),
  ...sampledNumbers,
  n: count.nullish(),
  stop: z.union([z.string(), z.array(z.string())]).nullish(),
  stop_token_ids: z.array(count).nullish(),
  ignore_eos: flag,
  seed: count.nullish(),
  logprobs: flag,
  top_logprobs: count.min(0).max(20).nullish(),
  return_token_ids: flag,
  return_prompt_token_ids: flag,
  return_meta_info: flag,
  return_cached_tokens_details: flag,
  rid: z.string().nullish(),
});
export type SimulatedChatRequest = z.infer<typeof chatRequestSchema>;

/** What SGLang checks of a chat request before its prompt is made. @throws ApiError 400 */
export function checkChatRequest(request: SimulatedChatRequest, engine: EngineCore): void {
  if (request.messages.length === 0 && request.input_ids == null)
    throw new ApiError(400, "Messages cannot be empty.");
  for (const [index, tool] of (request.tools ?? []).entries()) {
    const flaw = schemaFlaw(tool.function.parameters);
    if (flaw !== null)
      throw new ApiError(400, `Tool ${index} function has invalid 'parameters' schema: ${flaw}`);
  }
  const maxNewTokens = request.max_completion_tokens ?? request.max_tokens ?? null;
  checkSampling({ ...request, max_new_tokens: maxNewTokens }, engine);
}

export interface EnginePrompt {
  readonly text: string;
  readonly ids: Int32Array;
  readonly toolChoice: ToolChoice;
}

/** Messages to tokens. @throws ApiError 400 */
export function renderPrompt(request: z.infer<typeof promptSchema>, engine: EngineCore): EnginePrompt {
  const toolChoice = readToolChoice(request);
  if (request.input_ids != null) {
    const ids = Int32Array.from(request.input_ids);
    return { text: engine.tokenizer.decode(ids), ids, toolChoice };
  }
  if (request.messages.length === 0) throw new ApiError(400, "Messages cannot be empty.");
  const tools: readonly ChatTool[] = toolChoice === "none" ? [] : (request.tools ?? []);
  try {
    const text = engine.template.render(request.messages, tools);
    return { text, ids: engine.tokenizer.encode(text), toolChoice };
  } catch (error) {
    if (error instanceof PromptError) throw new ApiError(400, error.message, "exception");
    throw error;
  }
}

function readToolChoice({ tool_choice: choice, tools }: z.infer<typeof promptSchema>): ToolChoice {
  if (choice == null) return "auto";
  if (choice === "required" && (tools ?? []).length === 0)
    throw new ApiError(400, "Tools cannot be empty if tool choice is set to required.");
  if (typeof choice === "string") return choice;
  if ((tools ?? []).length === 0)
    throw new ApiError(400, "Tools cannot be empty if tool choice is set to a specific tool.");
  const { name } = choice.function;
  if (!(tools ?? []).some((tool) => tool.function.name === name))
    throw new ApiError(400, `Tool '${name}' not found in tools list.`);
  return { name };
}

/** Tokens that prompt and output may still take. @throws ApiError 400 with SGLang's overflow texts */
export function checkContext(
  engine: EngineCore,
  promptTokens: number,
  maxNewTokens: number | null,
): { readonly roomTokens: number } {
  const { contextLength } = engine.options;
  if (promptTokens >= contextLength)
    throw new ApiError(
      400,
      `The input (${promptTokens} tokens) is longer than the model's context length (${contextLength} tokens).`,
    );
  if (maxNewTokens !== null && promptTokens + maxNewTokens > contextLength)
    throw new ApiError(
      400,
      `Requested token count exceeds the model's maximum context length of ${contextLength} tokens. ` +
        `You requested a total of ${promptTokens + maxNewTokens} tokens: ${promptTokens} tokens from the input messages ` +
        `and ${maxNewTokens} tokens for the completion. Please reduce the number of tokens in the input messages or the ` +
        `completion to fit within the limit.`,
    );
  return { roomTokens: contextLength - promptTokens };
}
