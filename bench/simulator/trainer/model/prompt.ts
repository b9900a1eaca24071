export interface HeardMessage {
  readonly role: string;
  readonly content: string;
}

/** What an agent puts before a user's own words, e.g. `[Sun 2026-11-29 10:15 UTC]`: it is another one at every request. */
const leadingStamp = /^\s*\[[^\]\n]*\d{1,2}:\d{2}[^\]\n]*\]\s*/u;

/** The user's last words, without what changes from run to run. */
export function questionOf(messages: readonly HeardMessage[]): string {
  const text = messages.findLast(({ role }) => role === "user")?.content ?? "";
  return text.replace(leadingStamp, "").replaceAll(/\s+/gu, " ").trim();
}
