const token = /\s+|[{}[\],:]|"(?:[^"\\]|\\.)*"|"(?:[^"\\]|\\.)*\\?$|[^\s{}[\],:"]+/gsu;
/** A string up to the last character that is there in full. */
const wholeCharacters = /^"(?:[^"\\]|\\["\\/bfnrt]|\\u[\da-f]{4})*/iu;
const literals = ["true", "false", "null"];

/**
 * The beginning of a JSON text as the whole text that a lenient reader makes of it: what is open is closed, a key without
 * its value is left out. null where not even an object has begun.
 */
export function closedJson(text: string): string | null {
  const open: string[] = [];
  let kept: string | null = null;
  let isKey = false;
  for (const { 0: word, index } of text.matchAll(token)) {
    const before = text.slice(0, index);
    const closers = () => open.toReversed().join("");
    if (word === "{" || word === "[") {
      open.push(word === "{" ? "}" : "]");
      isKey = word === "{";
      kept = before + word + closers();
    } else if (word === "}" || word === "]") {
      open.pop();
      kept = before + word + closers();
    } else if (word === ",") isKey = open.at(-1) === "}";
    else if (word === ":") isKey = false;
    else if (word.trim() !== "" && !isKey) {
      const value = closedValue(word);
      if (value !== null) kept = before + value + closers();
    }
  }
  return kept;
}

/** A string, number or word that may lack its end. */
function closedValue(word: string): string | null {
  if (word.startsWith('"')) return isWholeString(word) ? word : `${wholeCharacters.exec(word)?.[0] ?? '"'}"`;
  const literal = literals.find((one) => one.startsWith(word));
  if (literal !== undefined) return literal;
  const number = word.replace(/[.eE+-]+$/, "");
  return number === "" ? null : number;
}

function isWholeString(word: string): boolean {
  return word.length > 1 && /^"(?:[^"\\]|\\.)*"$/su.test(word);
}
