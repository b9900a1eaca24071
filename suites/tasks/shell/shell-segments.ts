import { commandsOfFind, linesRunBy, startedWords, substitutionsIn } from "./started-words.ts";

/** One command of a line of shell. */
export interface ShellSegment {
  /** Without quotes, redirections taken out; variables and globs as they stand. */
  readonly words: readonly string[];
  /** Files that it writes by `>` or `>>`; a device and another stream are none. */
  readonly writesTo: readonly string[];
  /** Whether its input is a text that stands in the line itself. */
  readonly hasHereDocument: boolean;
  /** Whether the next segment reads what it writes. */
  readonly isPiped: boolean;
}

type Token =
  | { readonly kind: "word"; readonly text: string; readonly within: readonly string[] }
  | { readonly kind: "write" | "read" | "here" }
  | { readonly kind: "end"; readonly isPipe: boolean };

/**
 * The commands of a line of shell as far as they can be read without running it: without words of the shell, assignments and
 * programs that only start another, and with those that stand in a text that is run. Texts of here-documents are none.
 */
export function shellSegments(line: string): readonly ShellSegment[] {
  return plainSegments(line).flatMap(({ within: substituted, ...segment }) => {
    const words = startedWords(segment.words);
    const within = [...substituted, ...linesRunBy(words)];
    const plain = { writesTo: [], hasHereDocument: false, isPiped: false };
    const started = commandsOfFind(words).map((command) => ({ ...plain, words: startedWords(command) }));
    const own = words.length > 0 || segment.writesTo.length > 0 ? [{ ...segment, words }] : [];
    return [...within.flatMap(shellSegments), ...started, ...own];
  });
}

/** With the commands whose output becomes a part of its words. */
interface PlainSegment extends ShellSegment {
  readonly within: readonly string[];
}

function plainSegments(line: string): readonly PlainSegment[] {
  const segments: PlainSegment[] = [];
  let words: string[] = [];
  let within: string[] = [];
  let writesTo: string[] = [];
  let hasHereDocument = false;
  let next: "word" | "write" | "read" = "word";
  const close = (isPiped: boolean) => {
    if (words.length > 0 || writesTo.length > 0)
      segments.push({ words, within, writesTo, hasHereDocument, isPiped });
    words = [];
    within = [];
    writesTo = [];
    hasHereDocument = false;
    next = "word";
  };
  for (const token of tokensOf(withoutHereDocuments(line))) {
    if (token.kind === "end") {
      close(token.isPipe);
    } else if (token.kind === "word") {
      within.push(...token.within);
      if (next === "word") words.push(token.text);
      else if (next === "write" && isFile(token.text)) writesTo.push(token.text);
      next = "word";
    } else {
      hasHereDocument ||= token.kind === "here";
      next = token.kind === "write" ? "write" : "read";
    }
  }
  close(false);
  return segments;
}

const isFile = (target: string): boolean => !target.startsWith("&") && !target.startsWith("/dev/");

/** Lines between `<<WORD` and `WORD` are input of a command. */
function withoutHereDocuments(line: string): string {
  const kept: string[] = [];
  let end: string | null = null;
  for (const part of line.split("\n")) {
    if (end !== null) {
      if (part.trim() === end) end = null;
      continue;
    }
    kept.push(part);
    end = /<<-?\s*(?<quote>['"]?)(?<word>\w+)\k<quote>/u.exec(part)?.groups?.["word"] ?? null;
  }
  return kept.join("\n");
}

const operators: readonly (readonly [RegExp, Token])[] = [
  [/^<<<|^<</u, { kind: "here" }],
  [/^(?:&>>|&>|>>|>\||>)/u, { kind: "write" }],
  [/^</u, { kind: "read" }],
  [/^(?:\|\||&&|;;|[;&\n()`])/u, { kind: "end", isPipe: false }],
  [/^\|&?/u, { kind: "end", isPipe: true }],
];

function* tokensOf(line: string): Generator<Token> {
  let rest = line;
  while (rest !== "") {
    const space = /^(?:[ \t\r]|\\\n)+|^#[^\n]*/u.exec(rest);
    if (space !== null) {
      rest = rest.slice(space[0].length);
      continue;
    }
    // `2>` names a stream, it is no word.
    const stream = /^\d+(?=[<>])/u.exec(rest);
    if (stream !== null) rest = rest.slice(stream[0].length);
    const operator = operators.find(([pattern]) => pattern.test(rest));
    if (operator !== undefined) {
      rest = rest.slice(operator[0].exec(rest)?.[0].length ?? 1);
      // `>&2`: another stream is the target, and `&` no end of a command.
      const duplicate = operator[1].kind === "write" ? /^&\S*/u.exec(rest) : null;
      if (duplicate !== null) rest = rest.slice(duplicate[0].length);
      yield operator[1];
      if (duplicate !== null) yield { kind: "word", text: duplicate[0], within: [] };
      continue;
    }
    const { length, ...word } = wordAt(rest);
    rest = rest.slice(length);
    yield { kind: "word", ...word };
  }
}

/** The word at the beginning, without its quotes, and how many characters it takes. */
function wordAt(line: string) {
  let text = "";
  const within: string[] = [];
  let at = 0;
  while (at < line.length && !/[\s;&|<>()`]/u.test(line.charAt(at))) {
    const sign = line.charAt(at);
    const quoted =
      sign === "'" ? /^'([^']*)'?/u.exec(line.slice(at)) : /^"((?:[^"\\]|\\[\s\S])*)"?/u.exec(line.slice(at));
    if ((sign === "'" || sign === '"') && quoted !== null) {
      text += quoted[1] ?? "";
      if (sign === '"') within.push(...substitutionsIn(quoted[1] ?? ""));
      at += quoted[0].length;
    } else if (sign === "\\") {
      text += line.charAt(at + 1);
      at += 2;
    } else {
      text += sign;
      at += 1;
    }
  }
  return { text, within, length: Math.max(1, Math.min(at, line.length)) };
}
