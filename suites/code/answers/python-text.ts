import { parser } from "@lezer/python";

/** Whether a text is Python by its grammar. An error-tolerant parser says it, so what is new in a version of Python may not be known. */
export function isPython(text: string): boolean {
  let errors = 0;
  parser.parse(text).iterate({
    enter: ({ type }) => {
      if (type.isError) errors++;
      return errors === 0;
    },
  });
  return errors === 0;
}

/** Names that a program defines for all to see: functions, classes, plain assignments and imports at its left edge. */
export function definedNames(code: string): ReadonlySet<string> {
  const names = new Set<string>();
  for (const line of code.split("\n")) {
    const defined = /^(?:async\s+)?(?:def|class)\s+([A-Za-z_]\w*)/.exec(line)?.[1];
    if (defined !== undefined) names.add(defined);
    const assigned = /^([A-Za-z_]\w*)\s*(?::[^=]+)?=(?!=)/.exec(line)?.[1];
    if (assigned !== undefined) names.add(assigned);
    for (const name of importedNames(line)) names.add(name);
  }
  return names;
}

function importedNames(line: string): readonly string[] {
  const list = /^(?:from\s+\S+\s+)?import\s+(.+)$/.exec(line)?.[1];
  if (list === undefined) return [];
  return list
    .replaceAll(/[()]|#.*/g, "")
    .split(",")
    .flatMap((item) => /(?:\bas\s+)?([A-Za-z_]\w*)\s*$/.exec(item.trim())?.[1] ?? []);
}

const codeStart =
  /^(?:@|#|"""|'''|(?:async\s+)?def\b|class\b|import\b|from\s+\S+\s+import\b|[A-Za-z_]\w*\s*(?::\s*[\w[\], .]+)?=(?!=))/;
const codeWord =
  /^(?:@|[#)\]}"'\\]|(?:async|def|class|import|from|if|elif|else|for|while|try|except|finally|with|return|assert|raise|pass|print|del|global|match|case)\b)/;

/** A line that no program has at its left edge. */
const isProse = (line: string) => /^\S/.test(line) && !codeWord.test(line) && !isPython(`${line}\n`);

/** What templates of data sets and of models end a text with, where a server leaves it in. */
const endMark = /^(?:\[(?:DONE|END|\/\w+)\]|<\|[\w ]+\|>|<\/s>)/i;

/**
 * The program in a text that may have sentences before and after it: from the first line that begins a program to before the
 * first sentence at which it is whole. null: no line begins one.
 */
export function programIn(text: string): { readonly code: string; readonly cut: boolean } | null {
  const all = text.split("\n");
  const stop = all.findIndex((line, at) => at > 0 && endMark.test(line));
  const lines = stop === -1 ? all : all.slice(0, stop);
  // A heading of Markdown looks as a comment does.
  const first = lines.findIndex((line) => codeStart.test(line) && !/^#{1,6}\s+[A-Z]/.test(line));
  if (first === -1) return null;
  const code = withoutProseAfter(lines.slice(first));
  return { code, cut: first > 0 || code.split("\n").length < all.length - first };
}

/** Cut only before a sentence, and only where what stays is whole: a sentence may stand in a text of the program. */
export function withoutProseAfter(lines: readonly string[]): string {
  const whole = lines.join("\n");
  if (isPython(`${whole}\n`)) return whole;
  const ends = lines.flatMap((line, at) => (at > 0 && isProse(line) ? [at] : [])).slice(0, 200);
  for (const end of ends) {
    const kept = lines.slice(0, end).join("\n");
    if (isPython(`${kept}\n`)) return kept.trimEnd();
  }
  return whole;
}
