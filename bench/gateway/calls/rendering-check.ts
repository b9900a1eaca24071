import { z } from "zod";
import { StartError, messageOf } from "../../errors.ts";
import { CallTree } from "../sessions/call-tree.ts";
import type { EngineConnection } from "../engine/engine-request.ts";
import { renderConversation } from "../rendering/conversation-prompt.ts";
import type { PromptModel } from "../rendering/model-folder.ts";

/** `warn`: the gateway starts although the engine renders another prompt than it does itself. */
export const renderingChecks = ["strict", "warn"] as const;
export type RenderingCheck = (typeof renderingChecks)[number];

const timeoutMs = 10_000;
const tokenizedSchema = z.object({ tokens: z.array(z.int()) });

/** A conversation in which renderings differ where they can: tools, arguments, other scripts, white space. */
const messages = [
  { role: "system", content: "Answer briefly.\n" },
  {
    role: "user",
    content: [
      { type: "text", text: "Où est" },
      { type: "text", text: "東京  🛫?" },
    ],
  },
  {
    role: "assistant",
    content: "I look.",
    tool_calls: [
      {
        id: "call_1",
        type: "function",
        function: { name: "find", arguments: '{"place":"東京","near":1.0,"all":true}' },
      },
    ],
  },
  { role: "tool", tool_call_id: "call_1", content: '{"found": null}' },
  { role: "user", content: "And then?" },
];
const tools = [
  {
    type: "function",
    function: {
      name: "find",
      description: "Finds a place.",
      parameters: { type: "object", properties: { place: { type: "string" } }, required: ["place"] },
    },
  },
];

/**
 * Whether the engine makes the same tokens of a conversation as this gateway: with another model's tokenizer everything
 * would look right and be wrong. `unknown` for an engine that does not answer, or whose `/tokenize` takes no messages.
 * @throws {StartError} when they differ, unless only a warning is wanted
 */
export async function checkRendering(
  check: RenderingCheck,
  { engine, model }: { readonly engine: EngineConnection; readonly model: PromptModel },
  warn: (line: string) => void,
): Promise<"equal" | "different" | "unknown"> {
  const theirs = await engineTokens(engine);
  if ("unknown" in theirs) {
    warn(`The engine's own rendering could not be compared with this gateway's: ${theirs.unknown}`);
    return "unknown";
  }
  const ours = renderConversation({ messages, tools, variables: {} }, model, new CallTree()).ids;
  const at = ours.findIndex((id, place) => id !== theirs.tokens[place]);
  if (at === -1 && ours.length === theirs.tokens.length) return "equal";
  const place = at === -1 ? Math.min(ours.length, theirs.tokens.length) : at;
  const what = `The engine at ${engine.url} makes ${theirs.tokens.length} tokens of a conversation of which this gateway makes ${ours.length}; they differ from token ${place} on`;
  if (check === "warn") {
    warn(`${what}.`);
    return "different";
  }
  throw new StartError(
    "gateway",
    `${what}. Is ${model.directory} the folder that the engine was started with? If the difference is meant, start with --rendering-check warn.`,
  );
}

async function engineTokens({
  dispatcher,
  url,
  apiKey,
}: EngineConnection): Promise<{ readonly tokens: readonly number[] } | { readonly unknown: string }> {
  try {
    const { statusCode, body } = await dispatcher.request({
      path: `${new URL(url).pathname.replace(/\/$/, "")}/tokenize`,
      method: "POST",
      headers: {
        "content-type": "application/json",
        ...(apiKey === null ? {} : { authorization: `Bearer ${apiKey}` }),
      },
      body: JSON.stringify({ messages, tools }),
      signal: AbortSignal.timeout(timeoutMs),
    });
    const text = await body.text();
    const read = statusCode === 200 ? tokenizedSchema.safeParse(JSON.parse(text)).data : undefined;
    return read ?? { unknown: `/tokenize answered ${statusCode} and no tokens` };
  } catch (cause) {
    return { unknown: messageOf(cause) };
  }
}
