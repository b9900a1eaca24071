import { ConfigError } from "../../errors.ts";
import type { PlayedConversation } from "./conversation.ts";
import type { MistakeOptions } from "./mistake.ts";
import type { EpisodeReference } from "./reference.ts";
import type { PolicyReply } from "./reply.ts";

/**
 * Who plays the model: what is said next in a conversation, decided by the conversation, its reference, and the request's own
 * seed where it named one.
 */
export type Policy = (
  conversation: PlayedConversation,
  reference: EpisodeReference | null,
  requestSeed?: number | null,
) => PolicyReply;

export interface PolicyOptions extends MistakeOptions {
  readonly role: "agent" | "user";
  /** Share of prompts that policy `knowledge` answers well; absent: 1. */
  readonly correct?: number | undefined;
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
