import { z } from "zod";
import { isGenerationRequest, type Exchange } from "../../../bench/workload/exchange.ts";

const requestSchema = z.object({
  messages: z.array(z.object({ role: z.string(), content: z.unknown() })),
  tools: z.array(z.unknown()).optional(),
});

/**
 * System message and tools as the model was given them: an agent with tools and instructions of its own says them to the
 * model alone. Where no request can be read, what the workload has said.
 */
export function openingOf(
  exchanges: readonly Exchange[],
  said: { readonly system: string; readonly tools: string },
): { readonly system: string; readonly tools: string } {
  const first = exchanges.find(isGenerationRequest);
  const request = first && parsed(first.requestBody);
  if (!request) return said;
  const [message] = request.messages;
  const system = message?.role === "system" ? textOf(message.content) : null;
  return {
    system: system ?? said.system,
    tools: request.tools === undefined ? said.tools : JSON.stringify(request.tools),
  };
}

function parsed(body: string) {
  try {
    return requestSchema.safeParse(JSON.parse(body)).data;
  } catch {
    return undefined; // The tap has kept a part of it.
  }
}

/** A content may be a text, or a list of parts. */
function textOf(content: unknown): string | null {
  if (typeof content === "string") return content;
  const parts = z.array(z.object({ text: z.string() })).safeParse(content);
  return parts.success ? parts.data.map(({ text }) => text).join("") : null;
}
