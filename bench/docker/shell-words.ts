/** A command line that can be pasted into a POSIX shell: every word quoted where it has to be, and only there. */
export function shellLine(words: readonly string[]): string {
  return words.map(shellWord).join(" ");
}

export function shellWord(word: string): string {
  // `=` and `:` are safe inside arguments; a leading `~` or anything else the shell expands is not in this set.
  if (/^[\w@%+=:,./-]+$/.test(word)) return word;
  return `'${word.replaceAll("'", String.raw`'\''`)}'`;
}
