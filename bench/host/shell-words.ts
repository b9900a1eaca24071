/**
 * What a shell is left to fill in: nothing, references `${NAME}` as an experiment writes them, or also words such as `$KEY`
 * that stand for something which is known only when it is started.
 */
type Kept = "nothing" | "references" | "variables";

const reference = /\$\{\w+(?::-[\w./:-]*)?\}/g;
// `=` and `:` are safe inside arguments; a leading `~` or anything else the shell expands is not in these sets.
const plainWord = /^[\w@%+=:,./-]*$/;
const plainWithVariables = /^[\w@%+=:,./$-]*$/;

/** A command line that can be pasted into a POSIX shell: every word quoted where it has to be, and only there. */
export function shellLine(words: readonly string[], kept: Kept = "nothing"): string {
  return words.map((word) => quoted(word, kept)).join(" ");
}

function quoted(word: string, kept: Kept): string {
  const literal = kept === "nothing" ? word : word.replaceAll(reference, "");
  if (word !== "" && (kept === "variables" ? plainWithVariables : plainWord).test(literal)) return word;
  // Within double quotes a shell fills references in, and leaves everything but these characters alone.
  if (literal !== word && !/["`\\$!]/.test(literal)) return `"${word}"`;
  return `'${word.replaceAll("'", String.raw`'\''`)}'`;
}
