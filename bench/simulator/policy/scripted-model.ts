import { readConversation } from "./conversation.ts";
import { forcedReply, type ToolChoice } from "./forced-call.ts";
import type { Policy } from "./policy.ts";
import type { EpisodeReference } from "./reference.ts";
import { type PolicyReply, say } from "./reply.ts";

export interface Prompt {
  readonly text: string;
  readonly toolChoice: ToolChoice;
  /** Of the request's sampling; null where it named none. */
  readonly seed: number | null;
  /** From the header `x-tollgate-ref`; the agent ignores it and reads the conversation. */
  readonly reference: EpisodeReference | null;
}

/** What the engine runs instead of weights: a function from prompt to reply. */
export type ScriptedModel = (prompt: Prompt) => PolicyReply;

/** Said for prompts that are no chat, e.g. an engine's own warm-up. */
export const continuation =
  " is a question that a simulator without weights cannot answer, so it goes on talking.";

/** @throws UnknownScenarioError from the returned function, for an episode whose task was not loaded. */
export function scriptedModel(policy: Policy): ScriptedModel {
  return ({ text, toolChoice, seed, reference }) => {
    const conversation = readConversation(text);
    if (conversation === null) return say(continuation);
    return forcedReply(conversation, toolChoice) ?? policy(conversation, reference, seed);
  };
}
