import { ConfigError } from "../../errors.ts";

/** Flags as Python's argparse reads them, with its messages: what a wrong flag looks like is part of the imitation. */
export interface Flag {
  /** Spellings, the main one first. */
  readonly names: readonly string[];
  readonly kind: "text" | "int" | "float" | "switch";
  readonly choices?: readonly string[];
  /** Value when the flag is absent; switches are false. */
  readonly fallback?: string | number | null;
  readonly required?: boolean;
}

export type FlagValues = Readonly<Record<string, string | number | boolean | null>>;

/** Text for standard error; argparse ends with exit code 2. */
export class ArgparseError extends ConfigError {}

/** Values by field name (`--model-path` is `model_path`). @throws {ArgparseError} in argparse's words */
export function parseFlags(argv: readonly string[], program: string, flags: readonly Flag[]): FlagValues {
  const fail = (message: string): never => {
    throw new ArgparseError(`${usageOf(program, flags)}\n${program}: error: ${message}`);
  };
  const values: Record<string, string | number | boolean | null> = {};
  for (const flag of flags) values[fieldOf(flag)] = flag.kind === "switch" ? false : (flag.fallback ?? null);
  const unknown: string[] = [];
  const seen = new Set<Flag>();
  for (let at = 0; at < argv.length; at++) {
    const [name, inline] = splitInline(argv[at] ?? "");
    const flag = flags.find(({ names }) => names.includes(name));
    if (flag === undefined) {
      unknown.push(argv[at] ?? "");
      continue;
    }
    seen.add(flag);
    const title = `argument ${flag.names.join("/")}`;
    if (flag.kind === "switch") {
      if (inline !== null) fail(`${title}: ignored explicit argument '${inline}'`);
      values[fieldOf(flag)] = true;
      continue;
    }
    const text = inline ?? argv[++at];
    if (text === undefined || (inline === null && text.startsWith("--")))
      fail(`${title}: expected one argument`);
    else values[fieldOf(flag)] = valueOf(flag, text) ?? fail(`${title}: ${refusal(flag, text)}`);
  }
  const missing = flags.filter((flag) => flag.required === true && !seen.has(flag));
  if (missing.length > 0)
    fail(`the following arguments are required: ${missing.map(({ names }) => names.join("/")).join(", ")}`);
  if (unknown.length > 0) fail(`unrecognized arguments: ${unknown.join(" ")}`);
  return values;
}

function splitInline(word: string): [name: string, inline: string | null] {
  const equals = word.startsWith("--") ? word.indexOf("=") : -1;
  return equals < 0 ? [word, null] : [word.slice(0, equals), word.slice(equals + 1)];
}

function fieldOf({ names }: Flag): string {
  return (names[0] ?? "").replace(/^--/, "").replaceAll("-", "_");
}

/** null when the text is no such value. */
function valueOf({ kind, choices }: Flag, text: string): string | number | null {
  if (choices !== undefined && !choices.includes(text)) return null;
  if (kind === "text") return text;
  const isNumber = kind === "int" ? /^[+-]?\d+$/ : /^[+-]?(\d+\.?\d*|\.\d+)(e[+-]?\d+)?$/i;
  return isNumber.test(text.trim()) ? Number(text) : null;
}

function refusal({ kind, choices }: Flag, text: string): string {
  if (choices === undefined) return `invalid ${kind} value: '${text}'`;
  return `invalid choice: '${text}' (choose from ${choices.map((choice) => `'${choice}'`).join(", ")})`;
}

function usageOf(program: string, flags: readonly Flag[]): string {
  const words = flags.map(({ names, kind, choices, required }) => {
    const name = names[0] ?? "";
    const value =
      choices === undefined ? name.slice(2).replaceAll("-", "_").toUpperCase() : `{${choices.join(",")}}`;
    const word = kind === "switch" ? name : `${name} ${value}`;
    return required === true ? word : `[${word}]`;
  });
  const indent = " ".repeat(`usage: ${program} `.length);
  return `usage: ${program} ${["[-h]", ...words].join(`\n${indent}`)}`;
}
