import { posix } from "node:path";

/** Which program the words of a command start, and what else in them is run. Words are without their quotes. */

/** Words of the shell before a command. */
const reserved = new Set(["if", "then", "elif", "else", "while", "until", "do", "!", "{"]);

interface Starter {
  /** Its options that have a value as the next word. */
  readonly valued: string;
  /** How many words stand before the program, beside options. */
  readonly before?: number;
  /** Words that it adds, by a sign that stands for them. */
  readonly adds?: readonly string[];
}

/** Programs whose own work is to start another. */
const starters: Readonly<Record<string, Starter>> = {
  builtin: { valued: "" },
  command: { valued: "" },
  doas: { valued: "-u -C" },
  env: { valued: "-u -C --unset --chdir" },
  exec: { valued: "-a" },
  ionice: { valued: "-c -n" },
  nice: { valued: "-n" },
  nohup: { valued: "" },
  setsid: { valued: "" },
  stdbuf: { valued: "-i -o -e" },
  sudo: { valued: "-u -g -h -p -C -D -R -T -U" },
  time: { valued: "-f -o" },
  timeout: { valued: "-k -s", before: 1 },
  xargs: { valued: "-I -n -P -L -d -a -s -E", adds: ["{}"] },
};

const isAssignment = (word: string) => /^\w+\+?=/u.test(word);

/** The program and its arguments; nothing where only variables are set. */
export function startedWords(words: readonly string[]): readonly string[] {
  const [first, ...rest] = words;
  if (first === undefined) return [];
  if (reserved.has(first) || isAssignment(first)) return startedWords(rest);
  const name = posix.basename(first);
  const starter = Object.hasOwn(starters, name) ? starters[name] : undefined;
  // `command -v` only says where a program is.
  if (starter === undefined || (name === "command" && /^-[vV]/u.test(rest[0] ?? ""))) return words;
  const behind = startedWords(afterOptions(rest, starter.valued).slice(starter.before ?? 0));
  return behind.length === 0 ? words : [...behind, ...(starter.adds ?? [])];
}

/** What stands behind the options of a program; `valued` are those with a value as the next word. */
export function afterOptions(words: readonly string[], valued: string): readonly string[] {
  const [first] = words;
  if (first?.startsWith("-") !== true) return words;
  return afterOptions(words.slice(valued.split(" ").includes(first) ? 2 : 1), valued);
}

/** Lines that a shell is given to run: `bash -c LINE`. */
export function linesRunBy([program = "", ...rest]: readonly string[]): readonly string[] {
  if (!/^(?:ba|da|k|z)?sh$/u.test(posix.basename(program))) return [];
  const at = rest.findIndex((word) => /^-[a-z]*c$/u.test(word));
  const line = at === -1 ? undefined : rest[at + 1];
  return line === undefined ? [] : [line];
}

/** What `find` runs for each file that it finds. */
export function commandsOfFind([program = "", ...rest]: readonly string[]): readonly (readonly string[])[] {
  if (posix.basename(program) !== "find") return [];
  return rest.flatMap((word, at) => {
    if (!/^-(?:exec|ok)(?:dir)?$/u.test(word)) return [];
    const behind = rest.slice(at + 1);
    const end = behind.findIndex((one) => one === ";" || one === "+");
    return [end === -1 ? behind : behind.slice(0, end)];
  });
}

/** Commands in a text of double quotes whose output becomes a part of it: `$(COMMAND)`, or between back quotes. */
export function substitutionsIn(text: string): readonly string[] {
  const found: string[] = [];
  for (let at = 0; at < text.length; at++) {
    const from = text.startsWith("$(", at) ? at + 2 : text.charAt(at) === "`" ? at + 1 : null;
    if (text.charAt(at) === "\\") at += 1;
    if (from === null) continue;
    const end = text.charAt(at) === "`" ? text.indexOf("`", from) : closingAt(text, from);
    if (end === -1) break;
    found.push(text.slice(from, end));
    at = end;
  }
  return found;
}

function closingAt(text: string, from: number): number {
  let depth = 1;
  for (let at = from; at < text.length; at++) {
    if (text.charAt(at) === "(") depth += 1;
    if (text.charAt(at) === ")") depth -= 1;
    if (depth === 0) return at;
  }
  return -1;
}
