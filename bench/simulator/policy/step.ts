import { z } from "zod";
import { pythonJson } from "../model/python-text.ts";
import type { ConversationTool, Turn } from "./conversation.ts";
import { type PolicyReply, say } from "./reply.ts";

/** One message of a scripted model, as files write it. */
export const stepSchema = z
  .strictObject({
    text: z.string().optional(),
    calls: z
      .array(
        z.strictObject({
          name: z.string().min(1),
          /** A text is written as it stands, whatever it is. */
          arguments: z.union([z.record(z.string(), z.unknown()), z.string()]).default({}),
        }),
      )
      .min(1)
      .optional(),
  })
  .refine(({ text, calls }) => text !== undefined || calls !== undefined, "a step has text, calls, or both");
export type Step = z.infer<typeof stepSchema>;

const finished = "I am the simulated agent, and my script ends here.";

/** What a tool answered stands in a user's turn, too, and may hold anything. */
export function isSaid({ role, text }: Turn): boolean {
  return role === "user" && !text.startsWith("<tool_response>");
}

/** What the model says in a step; undefined: there is none any more. */
export function playStep(step: Step | undefined, tools: readonly ConversationTool[]): PolicyReply {
  if (step === undefined) return say(finished);
  const { text = "", calls = [] } = step;
  // An engine's tool parser drops such a call without a word, and the script would look as if it had been played.
  const missing = calls.find(({ name }) => !tools.some((tool) => tool.name === name));
  if (missing !== undefined)
    return say(`I am the simulated agent, and I do not have the tool ${missing.name}.`);
  return {
    text,
    calls: calls.map(({ name, arguments: given }) => ({
      name,
      argumentsText: typeof given === "string" ? given : pythonJson(JSON.stringify(given)),
    })),
  };
}
