import { readFileSync, statSync } from "node:fs";
import { isMap, LineCounter, parseDocument, type Document } from "yaml";
import type { z } from "zod";
import { lineAt } from "../../../bench/config/written-file.ts";
import { ConfigError, messageOf } from "../../../bench/errors.ts";

/** A task file of more bytes is refused before it is parsed; the largest of known suites has 8 kB. */
const taskFileBytesMax = 1024 * 1024;

/** A YAML file of a suite, as it is on the disk. */
export interface TaskFile {
  /** As a person would name it. */
  readonly name: string;
  readonly content: Readonly<Record<string, unknown>>;
  /** Line of what stands at a path of the file, or of what is around it. */
  readonly lineOf: (path: readonly PropertyKey[]) => number;
}

/** 1.1 is what PyYAML reads, 1.2 what everybody else does: `yes`, `012` and `<<` mean other things in them. */
export type YamlVersion = "1.1" | "1.2";

/** @throws {ConfigError} for a file that cannot be read, and for one that is not a mapping in YAML and UTF-8 */
export function readTaskFile(name: string, version: YamlVersion): TaskFile {
  const lines = new LineCounter();
  const document = parsedDocument(name, { source: readText(name), version, lines });
  const [problem] = document.errors;
  if (problem) throw new ConfigError(`${name} is not valid YAML: ${problem.message}`, { cause: problem });
  if (!isMap(document.contents))
    throw new ConfigError(`${name} must hold a mapping: keys and values, such as \`id: my-task\`.`);
  return {
    name,
    content: contentOf(document, name),
    lineOf: (path) => lineAt({ document, lines }, path) ?? 1,
  };
}

/** @throws {ConfigError} for a file that is too large, or is no text in UTF-8 */
export function readText(name: string): string {
  const bytes = readBytes(name);
  const unit = bytes.subarray(0, 2).toString("hex");
  if (unit === "fffe" || unit === "feff")
    throw new ConfigError(`${name} is written in UTF-16. Save it in UTF-8.`);
  try {
    return new TextDecoder("utf-8", { fatal: true }).decode(bytes);
  } catch (cause) {
    throw new ConfigError(
      `${name} is not text in UTF-8: ${badByte(bytes)}. Save it in UTF-8 (from Latin-1: iconv -f latin1 -t utf-8).`,
      { cause },
    );
  }
}

function readBytes(name: string): Buffer {
  try {
    const { size } = statSync(name);
    if (size <= taskFileBytesMax) return readFileSync(name);
    throw new ConfigError(
      `${name} has ${size} bytes; a task file may have ${taskFileBytesMax}. Put large data into a file of its own.`,
    );
  } catch (cause) {
    if (cause instanceof ConfigError) throw cause;
    throw new ConfigError(`${name} cannot be read: ${messageOf(cause)}`, { cause });
  }
}

/** Where the text stops being UTF-8, by line. */
function badByte(bytes: Buffer): string {
  const good = bytes.toString("utf8").split("\uFFFD", 1)[0] ?? "";
  return `line ${good.split("\n").length} has a byte that is none`;
}

interface Source {
  readonly source: string;
  readonly version: YamlVersion;
  readonly lines: LineCounter;
}

function parsedDocument(name: string, { source, version, lines }: Source): Document {
  try {
    return parseDocument(source, { lineCounter: lines, prettyErrors: true, version, stringKeys: true });
  } catch (cause) {
    // Thousands of brackets within each other are deeper than the parser's stack.
    throw new ConfigError(`${name} cannot be parsed: ${messageOf(cause)}`, { cause });
  }
}

function contentOf(document: Document, name: string): Readonly<Record<string, unknown>> {
  try {
    const content = document.toJS({ maxAliasCount: 100 }) as Readonly<Record<string, unknown>>;
    // What holds itself can be parsed, and written nowhere.
    JSON.stringify(content);
    return content;
  } catch (cause) {
    // A few lines of aliases of aliases would fill the memory.
    throw new ConfigError(`${name} cannot be read: ${messageOf(cause)}`, { cause });
  }
}

/** What somebody should know of a file, with the place of what it is about. */
export interface Problem {
  readonly path: readonly PropertyKey[];
  readonly message: string;
}

/**
 * The file as its schema reads it, and what the schema has no word for.
 * @throws {ConfigError} with file and line of every problem
 */
export function readWith<Schema extends z.ZodType>(
  file: TaskFile,
  schema: Schema,
): { readonly value: z.output<Schema>; readonly unknown: Readonly<Record<string, unknown>> } {
  const parsed = schema.safeParse(file.content);
  if (!parsed.success) throw unusable(file, parsed.error.issues.flatMap(problemsOf));
  return { value: parsed.data, unknown: Object.fromEntries(leftOver(file.content, parsed.data)) };
}

/** zod says only that no alternative fits; what is wrong is in the one that got furthest. */
function problemsOf(issue: z.core.$ZodIssue): readonly Problem[] {
  const { path } = issue;
  if (issue.code === "invalid_type" && issue.message.endsWith("received undefined"))
    return [{ path, message: `is missing: write one (${issue.expected})` }];
  if (issue.code !== "invalid_union" || issue.errors.length === 0) return [{ path, message: issue.message }];
  const depth = (issues: readonly z.core.$ZodIssue[]) =>
    Math.max(0, ...issues.map(({ path: inner }) => inner.length));
  const [nearest = []] = issue.errors.toSorted((one, other) => depth(other) - depth(one));
  return nearest.flatMap(problemsOf).map((problem) => ({ ...problem, path: [...path, ...problem.path] }));
}

export function unusable(file: TaskFile, problems: readonly Problem[]): ConfigError {
  const lines = problems.map(
    ({ path, message }) => `  ${file.name}:${file.lineOf(path)}: ${placeOf(path)}: ${message}`,
  );
  return new ConfigError(`${file.name} cannot be used:\n${lines.join("\n")}`);
}

/** `turns[1].validators[0].type` */
export function placeOf(path: readonly PropertyKey[]): string {
  const text = path.map((key) => (typeof key === "number" ? `[${key}]` : `.${String(key)}`)).join("");
  return text.replace(/^\./, "") || "the file";
}

/** Keys of the file that the schema dropped, each with its place. */
function leftOver(
  written: unknown,
  read: unknown,
  path: readonly PropertyKey[] = [],
): readonly (readonly [place: string, value: unknown])[] {
  if (Array.isArray(written) && Array.isArray(read))
    return written.flatMap((value, index) => leftOver(value, read[index], [...path, index]));
  if (!isRecord(written) || !isRecord(read)) return [];
  return Object.entries(written).flatMap(([key, value]) =>
    Object.hasOwn(read, key)
      ? leftOver(value, read[key], [...path, key])
      : [[placeOf([...path, key]), value] as const],
  );
}

function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return value !== null && typeof value === "object" && !Array.isArray(value);
}
