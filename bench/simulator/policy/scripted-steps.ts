import { readFileSync } from "node:fs";
import { z } from "zod";
import { ConfigError, messageOf } from "../../errors.ts";
import type { Policy, PolicyOptions } from "./policy.ts";
import { say } from "./reply.ts";
import { isSaid, playStep, stepSchema } from "./step.ts";

const scriptsSchema = z.array(
  z.strictObject({ prompt: z.string().trim().min(1), steps: z.array(stepSchema).min(1) }),
);

const unknown = "I am the simulated agent, and I have no script for that.";

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
      return playStep(script.steps[written], tools);
    }
    return say(unknown);
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
