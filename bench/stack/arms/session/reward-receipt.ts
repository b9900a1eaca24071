import { z } from "zod";
import type { GatewaySession, RewardAnswer } from "./dialect.ts";
import type { SessionHttp } from "./session-http.ts";

const receiptSchema = z.object({
  interaction_count: z.number().optional(),
  ready_transition: z.boolean().optional(),
});

/** Rewards the last call of a session. Alike in all dialects, but the oldest says only "success". */
export async function readReceipt(
  http: SessionHttp,
  { session, reward }: { readonly session: GatewaySession; readonly reward: number },
): Promise<RewardAnswer | null> {
  const answer = await http.call("/rl/set_reward", {
    key: session.apiKey,
    body: { reward },
    expected: [400],
  });
  if (answer.status === 400) {
    if (answer.text.includes("No interactions in session")) return null;
    throw http.refusal("/rl/set_reward", answer);
  }
  const receipt = http.read("/rl/set_reward", answer, receiptSchema);
  return {
    interactionCount: receipt.interaction_count ?? null,
    transition: receipt.ready_transition ?? true,
  };
}
