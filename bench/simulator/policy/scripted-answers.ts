import { readFileSync } from "node:fs";
import { z } from "zod";
import { ConfigError, messageOf } from "../../errors.ts";
import { draw } from "../settings/draw.ts";
import { onlyData, type Policy, type PolicyOptions } from "./policy.ts";
import { say } from "./reply.ts";

const answersSchema = z.array(z.object({ prompt: z.string(), answer: z.string() }));
const unknown = "I am the simulated agent, and I have no answer to that.";

/**
 * Answers what was said last as a file says: a JSON array of `{prompt, answer}`, other keys are for others. A share
 * `errorRate` of the prompts, drawn by seed, gets no good answer.
 */
export function scriptedAnswers(options: PolicyOptions): Policy {
  const { errorRate, seed } = options;
  const data = onlyData(options);
  if (data === null) throw new ConfigError("--policy answers needs --data, a JSON file of {prompt, answer}.");
  const answers = new Map(readAnswers(data).map(({ prompt, answer }) => [prompt.trim(), answer]));
  return ({ turns }) => {
    const prompt = turns.findLast(({ role }) => role === "user")?.text.trim() ?? "";
    const mistaken = draw("mistake", seed, prompt) < errorRate;
    return say((mistaken ? undefined : answers.get(prompt)) ?? unknown);
  };
}

function readAnswers(file: string): z.infer<typeof answersSchema> {
  try {
    return answersSchema.parse(JSON.parse(readFileSync(file, "utf8")));
  } catch (cause) {
    throw new ConfigError(
      `--data ${file} is no JSON array of {prompt, answer}, which --policy answers reads: ${messageOf(cause)}`,
      { cause },
    );
  }
}
