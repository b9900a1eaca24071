import { ConfigError } from "../../errors.ts";
import type { PlayedConversation } from "./conversation.ts";
import type { MistakeOptions } from "./mistake.ts";
import type { EpisodeReference } from "./reference.ts";
import type { PolicyReply } from "./reply.ts";

/** Who plays the model: what is said next in a conversation, decided by nothing but the conversation and its reference. */
export type Policy = (conversation: PlayedConversation, reference: EpisodeReference | null) => PolicyReply;

export interface PolicyOptions extends MistakeOptions {
  readonly role: "agent" | "user";
  /** Folders or files, as the policy has it. */
  readonly data: readonly string[];
  readonly domains: readonly string[];
  readonly schemas: string | null;
}

/** The one folder or file of a policy that reads no more; null = none was given. @throws ConfigError */
export function onlyData({ data }: PolicyOptions): string | null {
  if (data.length > 1) throw new ConfigError(`--data was given ${data.length} times; this policy reads one.`);
  return data[0] ?? null;
}
