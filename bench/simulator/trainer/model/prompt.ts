export interface HeardMessage {
  readonly role: string;
  readonly content: string;
}

/** What an agent puts before a user's own words, e.g. `[Sun 2026-11-29 10:15 UTC]`: it is another one at every request. */
const leadingStamp = /^\s*\[[^\]\n]*\d{1,2}:\d{2}[^\]\n]*\]\s*/u;
/** What OpenClaw puts behind them: sessions, machine, model. */
const runtimeTail = /\n\s*Runtime: agent=[^\n]*\s*$/u;
/** A message that OpenClaw writes itself, in the user's name. */
const internalContext = /^\s*<<<BEGIN_OPENCLAW_INTERNAL_CONTEXT>>>/u;

/** The user's last words, without what changes from run to run. */
export function questionOf(messages: readonly HeardMessage[]): string {
  const said = messages.findLast(({ role, content }) => role === "user" && !internalContext.test(content));
  const text = said?.content ?? "";
  return text.replace(leadingStamp, "").replace(runtimeTail, "").replaceAll(/\s+/gu, " ").trim();
}
