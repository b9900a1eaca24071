import { z } from "zod";
import { contextLength, countTokens, type CountedPrompt } from "../engine-questions.ts";
import { failed, nameOf, notChecked, ok, warning, type Check } from "../check.ts";

/** Allowance for what a conversation adds to policy and tools before it ends, in tokens: a guess. */
const conversationTokens = 16_384;

const how: Readonly<Record<CountedPrompt["by"], string>> = {
  exact: "counted by the engine's /tokenize",
  text: "text counted by the engine's /tokenize, without its chat template",
  estimated: "estimated at 3 characters a token, as the engine has no /tokenize",
};

export const contextLengthCheck: Check = {
  name: "context-length",
  proves: "policy, tools, a conversation and the longest answer fit into the agent engine's context",
  async run({ stack: { agentEngine }, longestPrompt, experiment, unusable }) {
    const on = nameOf(agentEngine);
    const reason = unusable.get(agentEngine);
    if (reason !== undefined) return { findings: [notChecked(on, reason)] };
    if (longestPrompt == null)
      return { findings: [notChecked(on, "the workload does not tell its longest prompt beforehand")] };
    const context = await contextLength(agentEngine);
    if (context === null)
      return { findings: [notChecked(on, "the engine does not tell its context length")] };
    const { tokens, by } = await countTokens(agentEngine, {
      messages: [
        { role: "system", content: longestPrompt.system },
        { role: "user", content: "Hello" },
      ] as const,
      tools: z.array(z.unknown()).parse(JSON.parse(longestPrompt.toolsJson)),
    });
    const { maxTokens } = experiment.sampling;
    const sum = `policy and tools ${tokens} tokens (${how[by]}) + answer ${maxTokens}`;
    if (tokens + maxTokens > context) {
      return {
        findings: [
          failed(
            on,
            `the context is ${context} tokens, and ${sum} = ${tokens + maxTokens}: every first request would be refused`,
            `Start the engine with --context-length ${tokens + maxTokens + conversationTokens} or more, or lower sampling.maxTokens.`,
          ),
        ],
      };
    }
    const room = context - tokens - maxTokens;
    if (room < conversationTokens) {
      return {
        findings: [
          warning(
            on,
            `the context is ${context} tokens; ${sum} leaves ${room} for the conversation, less than the ${conversationTokens} that long episodes need`,
            `Start the engine with --context-length ${tokens + maxTokens + conversationTokens} or more.`,
          ),
        ],
      };
    }
    return {
      findings: [
        ok(
          on,
          `context ${context}; ${sum} + conversation ${conversationTokens} = ${tokens + maxTokens + conversationTokens}`,
        ),
      ],
    };
  },
};
