import { z } from "zod";
import { answerMessage } from "./answer-message.ts";
import { chainOf, extendChain, type MessageChain } from "../rendering/message-chain.ts";
import { normaliseMessages } from "../rendering/normalise-messages.ts";
import type { Interaction } from "../sessions/session.ts";

const bodySchema = z.looseObject({
  messages: z.array(z.looseObject({})),
  tools: z.array(z.looseObject({})).nullish(),
  chat_template_kwargs: z.record(z.string(), z.unknown()).nullish(),
});

interface Placed {
  readonly index: number;
  readonly chain: MessageChain;
  /** The chain's digest behind the answer. */
  readonly after: string;
}

/**
 * Calls that a client made again, because it never saw their answers: of several with the same messages only one belongs
 * to the conversation. It is the one that a later call goes on from, or else the newest.
 * @param interactions in call order
 * @returns indices of the others
 */
export function retryOrphans(interactions: readonly Interaction[]): ReadonlySet<number> {
  const placed = interactions.flatMap((interaction, index) => place(interaction, index));
  const groups = Map.groupBy(placed, ({ chain }) => chain.at(-1) ?? "");
  const orphans = new Set<number>();
  for (const group of groups.values()) {
    if (group.length === 1) continue;
    const continued = group.findLast(({ after }) => placed.some(({ chain }) => chain.includes(after)));
    const kept = continued ?? group.at(-1);
    for (const one of group) if (one !== kept) orphans.add(one.index);
  }
  return orphans;
}

function place({ requestBody, responseBody }: Interaction, index: number): Placed[] {
  const body = parse(requestBody);
  const answer = answerMessage(responseBody);
  if (body === null || answer === null) return [];
  const { messages } = normaliseMessages(body.messages, "string");
  const chain = chainOf(body.tools ?? [], messages, body.chat_template_kwargs ?? {});
  const [echo = answer] = normaliseMessages([answer], "string").messages;
  return [{ index, chain, after: extendChain(chain, echo) }];
}

function parse(text: string): z.infer<typeof bodySchema> | null {
  try {
    return bodySchema.safeParse(JSON.parse(text)).data ?? null;
  } catch {
    return null;
  }
}
