import type { Conversation } from "./conversation.ts";
import type { MistakeOptions } from "./mistake.ts";
import type { EpisodeReference } from "./reference.ts";
import type { Reply } from "./reply.ts";

/** Who plays the model: what is said next in a conversation, decided by nothing but the conversation and its reference. */
export type Policy = (conversation: Conversation, reference: EpisodeReference | null) => Reply;

export interface PolicyOptions extends MistakeOptions {
  readonly role: "agent" | "user";
  /** A folder or a file, as the policy has it; null = none was given. */
  readonly data: string | null;
  readonly domains: readonly string[];
  readonly schemas: string | null;
}
