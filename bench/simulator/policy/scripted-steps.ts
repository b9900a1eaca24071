import { readFileSync } from "node:fs";
import { z } from "zod";
import { ConfigError, messageOf } from "../../errors.ts";
import { pythonJson } from "../model/python-text.ts";
import type { Turn } from "./conversation.ts";
import type { Policy, PolicyOptions } from "./policy.ts";
import { type PolicyReply, say } from "./reply.ts";

const stepSchema = z
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
const scriptsSchema = z.array(
  z.strictObject({ prompt: z.string().trim().min(1), steps: z.array(stepSchema).min(1) }),
);
type Script = z.infer<typeof scriptsSchema>[number];

const unknown = "I am the simulated agent, and I have no script for that.";
const finished = "I am the simulated agent, and my script ends here.";

/**
 * Plays scripts of one file or several: `[{prompt, steps: [{text?, calls?: [{name, arguments}]}]}]`. The script is that whose prompt the
 * latest user message contains that contains any; its step is the number of messages that the agent has written since.
 */
export function scriptedSteps({ data }: PolicyOptions): Policy {
  if (data.length === 0)
    throw new ConfigError("--policy scripts needs --data, a JSON file of {prompt, steps: [{text, calls}]}.");
  // A longer prompt says more exactly what is meant, where one contains another.
  const scripts = data.flatMap(readScripts).toSorted((a, b) => b.prompt.length - a.prompt.length);
  return ({ turns, tools }) => {
    for (const [index, turn] of [...turns.entries()].toReversed()) {
      const script = isSaid(turn) ? scripts.find(({ prompt }) => turn.text.includes(prompt)) : undefined;
      if (script === undefined) continue;
      const written = turns.slice(index + 1).filter(({ role }) => role === "assistant").length;
      return replyOf(
        script.steps[written],
        tools.map(({ name }) => name),
      );
    }
    return say(unknown);
  };
}

/** What a tool answered stands in a user's turn, too, and may hold anything. */
function isSaid({ role, text }: Turn): boolean {
  return role === "user" && !text.startsWith("<tool_response>");
}

function replyOf(step: Script["steps"][number] | undefined, tools: readonly string[]): PolicyReply {
  if (step === undefined) return say(finished);
  const { text = "", calls = [] } = step;
  // An engine's tool parser drops such a call without a word, and the script would look as if it had been played.
  const missing = calls.find(({ name }) => !tools.includes(name));
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

function readScripts(file: string): z.infer<typeof scriptsSchema> {
  try {
    return scriptsSchema.parse(JSON.parse(readFileSync(file, "utf8")));
  } catch (cause) {
    const why = cause instanceof z.ZodError ? z.prettifyError(cause) : messageOf(cause);
    throw new ConfigError(
      `--data ${file} is no JSON array of {prompt, steps: [{text, calls}]}, which --policy scripts reads: ${why}`,
      { cause },
    );
  }
}
