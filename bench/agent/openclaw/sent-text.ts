/**
 * The text that OpenClaw is given. It takes `/reset` and the like as commands and refuses blank text; a word joiner in
 * front keeps it from doing so. The model never sees it: the plugin puts the exact text back.
 */
export function deliverable(text: string): string {
  return /^\s*(?:\/|$)/u.test(text) ? `\u2060${text}` : text;
}

/** The same for a session whose model sees what OpenClaw is given: only what OpenClaw would take for itself is altered. */
export function asText(text: string): string {
  return /^\s*(?:\/(?:new|reset)\b|$)/iu.test(text) ? `\u2060${text}` : text;
}
