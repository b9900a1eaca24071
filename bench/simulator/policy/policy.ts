import type { PlayedConversation } from "./conversation.ts";
import type { MistakeOptions } from "./mistake.ts";
import type { EpisodeReference } from "./reference.ts";
import type { PolicyReply } from "./reply.ts";

/** Who plays the model: what is said next in a conversation, decided by nothing but the conversation and its reference. */
export type Policy = (conversation: PlayedConversation, reference: EpisodeReference | null) => PolicyReply;

export interface PolicyOptions extends MistakeOptions {
  readonly role: "agent" | "user";
  /** A folder or a file, as the policy has it; null = none was given. */
  readonly data: string | null;
  readonly domains: readonly string[];
  readonly schemas: string | null;
}
