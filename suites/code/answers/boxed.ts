/** What stands in the last `\boxed{…}` of a text; braces within it belong to it. null: there is none that ends. */
export function lastBoxed(text: string): string | null {
  let found: string | null = null;
  for (const { 0: opening, index } of text.matchAll(/\\(?:boxed|fbox)\s*\{/gu)) {
    const from = index + opening.length;
    let depth = 1;
    for (let at = from; at < text.length && depth > 0; at++) {
      if (text[at] === "{") depth++;
      if (text[at] === "}") depth--;
      if (depth === 0) found = text.slice(from, at);
    }
  }
  return found;
}
