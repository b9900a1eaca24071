/**
 * A command line that can be pasted into a POSIX shell: every word quoted where it has to be, and only there. With `keep`
 * "$" a word such as `$KEY` or `${KEY}` is left for the shell to fill in.
 */
export function shellLine(words: readonly string[], keep: "" | "$" = ""): string {
  // `=` and `:` are safe inside arguments; a leading `~` or anything else the shell expands is not in this set.
  const plain = keep === "$" ? /^([\w@%+=:,./$-]|\$\{\w+\})+$/ : /^[\w@%+=:,./-]+$/;
  return words
    .map((word) => (plain.test(word) ? word : `'${word.replaceAll("'", String.raw`'\''`)}'`))
    .join(" ");
}
