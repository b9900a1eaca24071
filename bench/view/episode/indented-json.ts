/** Beyond this a text is shown as it is. */
const charactersMax = 200_000;

/**
 * A JSON object or list with a line for each member; null where the text is neither. Only white space between its parts is another:
 * numbers, escapes and members that are there twice stay as they were written, which JSON.parse and back would not keep.
 */
export function indentedJson(text: string): string | null {
  if (text.length > charactersMax || !/^\s*[{[]/.test(text) || !isJson(text)) return null;
  let out = "";
  let depth = 0;
  // Strings, brackets with nothing in them, single marks, and everything else up to the next of these.
  for (const [part] of text.matchAll(/"[^"\\]*(?:\\.[^"\\]*)*"|\{\s*\}|\[\s*\]|[{}[\],:]|[^\s"{}[\],:]+/g)) {
    if (part === "}" || part === "]") {
      depth -= 1;
      out += `${lineAt(depth)}${part}`;
    } else if (part === "{" || part === "[") {
      depth += 1;
      out += `${part}${lineAt(depth)}`;
    } else if (part === ",") {
      out += `,${lineAt(depth)}`;
    } else {
      out += part === ":" ? ": " : part;
    }
  }
  return out;
}

const indentMax = 40;

/** A text may be nested a hundred thousand deep. */
function lineAt(depth: number): string {
  return `\n${"  ".repeat(Math.min(depth, indentMax))}`;
}

function isJson(text: string): boolean {
  try {
    JSON.parse(text);
    return true;
  } catch {
    return false; // It is shown as it is.
  }
}
