const TOKEN = /"(?:[^"\\]|\\.)*"|[[\]{},:]|[^\s[\]{},:"]+/gsu;

/**
 * JSON text with two blanks per level, as Python's `indent=2` prints it. Works on the text, so that numbers such as `2.0`
 * and the order of keys stay as they are. `depth` is the level at which the text will stand; its first line has no blanks.
 */
export function indentJson(text: string, depth = 0): string {
  let level = depth;
  let result = "";
  let previous = "";
  const newLine = (): string => `\n${"  ".repeat(level)}`;
  for (const [token] of text.matchAll(TOKEN)) {
    const closes = token === "}" || token === "]";
    const opened = previous === "{" || previous === "[";
    if (closes) level -= 1;
    if (closes && !opened) result += newLine();
    if (!closes && (opened || previous === ",")) result += newLine();
    if (token === "{" || token === "[") level += 1;
    result += token === ":" ? ": " : token;
    previous = token;
  }
  return result;
}
