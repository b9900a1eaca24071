/** tau2's reasons for the end of a simulation that Tollgate can produce. */
export type Termination =
  | "user_stop"
  | "max_steps"
  | "too_many_errors"
  | "agent_error"
  | "user_error"
  | "timeout"
  | "infrastructure_error";

const stopTokens = ["###STOP###", "###TRANSFER###", "###OUT-OF-SCOPE###"] as const;

/** A text (never a tool call) of the user that holds one of tau2's stop tokens ends the episode. */
export function isUserStop(text: string): boolean {
  return stopTokens.some((token) => text.includes(token));
}
