import { resolve } from "node:path";
import { parseArgs } from "node:util";

type Values = Readonly<Record<string, string | undefined>>;

/** A script with the arguments of the published comparison: it says which `tollgate` command they are, and runs it. */
export interface PublishedCommand {
  readonly usage: string;
  /** Options with a value, without their dashes. */
  readonly options: readonly string[];
  /** Options without a value, which are "true" where they are given. */
  readonly flags?: readonly string[];
  readonly short?: Readonly<Record<string, string>>;
  /** Words after `tollgate`. Throws an Error with a sentence for arguments that cannot be translated. */
  readonly translate: (values: Values, positionals: readonly string[]) => readonly string[];
}

/** Arguments that the source system ends with an exit code of its own. */
export class RefusedArguments extends Error {
  readonly exitCode: number;

  constructor(message: string, exitCode: number) {
    super(message);
    this.exitCode = exitCode;
  }
}

/** Arguments behind `--` go to the command as they are; `--dry-run` only prints it. */
export async function runPublished(published: PublishedCommand): Promise<void> {
  const words = process.argv.slice(2);
  const end = words.includes("--") ? words.indexOf("--") : words.length;
  const own = words.slice(0, end);
  if (own.includes("--help") || own.includes("-h")) {
    console.log(published.usage);
    return;
  }
  const command = translated(
    published,
    own.filter((word) => word !== "--dry-run"),
  );
  if (command === null) return;
  const line = [...command, ...words.slice(end + 1)];
  console.error(`tollgate ${line.map(shellWord).join(" ")}`);
  if (own.includes("--dry-run")) return;
  // The same process and the same entry as the command itself.
  process.argv.splice(2, Number.POSITIVE_INFINITY, ...line);
  await import("../../bench/main.ts");
}

function translated(published: PublishedCommand, args: string[]): readonly string[] | null {
  const { options, flags = [], short = {}, translate, usage } = published;
  const letter = (name: string) => (short[name] === undefined ? {} : { short: short[name] });
  const config = Object.fromEntries([
    ...options.map((name) => [name, { type: "string" as const, ...letter(name) }] as const),
    ...flags.map((name) => [name, { type: "boolean" as const, ...letter(name) }] as const),
  ]);
  try {
    const { values, positionals } = parseArgs({ args, options: config, allowPositionals: true });
    const texts = Object.entries(values).map(([name, value]) => [name, String(value)] as const);
    return translate(Object.fromEntries(texts), positionals);
  } catch (error) {
    console.error(`${error instanceof Error ? error.message : String(error)}\n\n${usage}`);
    process.exitCode = error instanceof RefusedArguments ? error.exitCode : 2;
    return null;
  }
}

/** `--set path=value` for every value that was given. */
export function settings(values: Readonly<Record<string, unknown>>): readonly string[] {
  return Object.entries(values).flatMap(([path, value]) =>
    value === undefined ? [] : ["--set", `${path}=${JSON.stringify(value)}`],
  );
}

/** @throws Error unless the text is a whole number of 1 or more */
export function count(text: string | undefined, name: string): number | undefined {
  if (text === undefined) return undefined;
  const value = Number(text);
  if (Number.isInteger(value) && value >= 1) return value;
  throw new Error(`${name} must be a whole number of 1 or more, not ${JSON.stringify(text)}`);
}

/** Base URL without /v1, as experiments have it. */
export function origin(url: string | undefined): string | undefined {
  return url?.replace(/\/+$/, "").replace(/\/v1$/, "");
}

/** An experiment takes paths as relative to its own file, these arguments are relative to where one stands. */
export function here(path: string | undefined): string | undefined {
  return path === undefined ? undefined : resolve(path);
}

export const experiment = (name: string): string =>
  new URL(`../../experiments/${name}.yaml`, import.meta.url).pathname;

function shellWord(word: string): string {
  return /^[\w./:=@,+-]+$/.test(word) ? word : `'${word.replaceAll("'", String.raw`'\''`)}'`;
}
