/**
 * The same text with memory of its own. A slice of a long string keeps all of that string alive: a few words of a prompt
 * would cost the whole prompt.
 */
export function detachedText(text: string): string {
  return structuredClone(text);
}
