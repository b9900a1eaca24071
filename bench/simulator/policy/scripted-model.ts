import { readConversation } from "./conversation.ts";
import { forcedReply, type ToolChoice } from "./forced-call.ts";
import type { MistakeOptions } from "./mistake.ts";
import type { EpisodeReference } from "./reference.ts";
import { type Reply, say } from "./reply.ts";
import type { ScenarioBook } from "./scenario.ts";
import { agentReply, UnknownScenarioError } from "./scripted-agent.ts";
import { strangerReply, userReply } from "./scripted-user.ts";

export interface Prompt {
  readonly text: string;
  readonly toolChoice: ToolChoice;
  /** From the header `x-tollgate-ref`; the agent ignores it and reads the conversation. */
  readonly reference: EpisodeReference | null;
}

/** What the engine runs instead of weights: a pure function from prompt to reply. */
export type ScriptedModel = (prompt: Prompt) => Reply;

/** Said for prompts that are no chat, e.g. an engine's own warm-up. */
export const continuation =
  " is a question that a simulator without weights cannot answer, so it goes on talking.";

/** @throws UnknownScenarioError from the returned function, for an episode whose task was not loaded. */
export function scriptedModel(
  role: "agent" | "user",
  book: ScenarioBook,
  mistakes: MistakeOptions,
): ScriptedModel {
  return ({ text, toolChoice, reference }) => {
    const conversation = readConversation(text);
    if (conversation === null) return say(continuation);
    const forced = forcedReply(conversation, toolChoice);
    if (forced !== null) return forced;
    if (role === "agent") return agentReply(conversation, book, mistakes);
    if (reference === null) return strangerReply(conversation);
    const scenario = book.find(reference.domain, reference.taskId);
    if (scenario === null)
      throw new UnknownScenarioError(
        `x-tollgate-ref names task ${reference.taskId} of domain ${reference.domain}, which was not loaded (loaded: ${book.domains.join(", ") || "none"})`,
      );
    return userReply(conversation, scenario, reference);
  };
}
