const tokens = /"(?:[^"\\]|\\.)*"|[{}[\],:]/g;

/**
 * The text of a top-level member's value exactly as it stands in a JSON object; null when the object has no such member.
 * The text must be valid JSON. Of repeated keys the last counts, as in JSON.parse.
 */
export function memberText(json: string, key: string): string | null {
  let depth = 0;
  let pendingKey: string | null = null;
  let start: number | null = null;
  let found: string | null = null;
  for (const { 0: token, index } of json.matchAll(tokens)) {
    if (token === ":" && depth === 1 && start === null) {
      if (pendingKey === key) start = index + 1;
      continue;
    }
    const ends = depth === 1 && (token === "," || token === "}");
    if (ends && start !== null) {
      found = json.slice(start, index).trim();
      start = null;
    }
    if (token === "{" || token === "[") depth += 1;
    else if (token === "}" || token === "]") depth -= 1;
    if (depth === 1 && token.startsWith('"') && start === null) pendingKey = String(JSON.parse(token));
  }
  return found;
}

/**
 * JSON text with one spelling for what JSON leaves open: white space between tokens, and escapes inside strings. Numbers,
 * the order of keys and everything else stay as written: `2.0` is not `2`.
 */
export function spelledAlike(json: string): string {
  return json.replace(/"(?:[^"\\]|\\.)*"|\s+/g, (token) =>
    token.startsWith('"') ? JSON.stringify(JSON.parse(token)) : "",
  );
}
