/** The words of a command line by a POSIX shell's quotes, as Python's `shlex.split` has them; null: a quote has no end, or a backslash nothing behind it. */
export function shellWords(line: string): readonly string[] | null {
  const words: string[] = [];
  let word: string | null = null;
  let quote: "'" | '"' | null = null;
  for (let at = 0; at < line.length; at++) {
    const sign = line.charAt(at);
    if (quote === "'") {
      if (sign === "'") quote = null;
      else word = `${word ?? ""}${sign}`;
    } else if (sign === "\\") {
      if (at + 1 === line.length) return null;
      const next = line.charAt(at + 1);
      at += 1;
      word = `${word ?? ""}${quote === '"' && next !== '"' && next !== "\\" ? "\\" : ""}${next}`;
    } else if (quote === '"') {
      if (sign === '"') quote = null;
      else word = `${word ?? ""}${sign}`;
    } else if (sign === "'" || sign === '"') {
      quote = sign;
      word ??= "";
    } else if (/\s/u.test(sign)) {
      if (word !== null) words.push(word);
      word = null;
    } else {
      word = `${word ?? ""}${sign}`;
    }
  }
  if (quote !== null) return null;
  return word === null ? words : [...words, word];
}
