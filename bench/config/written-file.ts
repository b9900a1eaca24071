import { readFileSync, realpathSync } from "node:fs";
import { dirname, isAbsolute, join, resolve } from "node:path";
import { isMap, LineCounter, parseDocument, type Document } from "yaml";
import { ConfigError, messageOf } from "../errors.ts";
import { interpolate } from "./interpolate.ts";
import { nearShipped, pathOrShipped } from "./shipped-experiment.ts";

type Environment = Readonly<Record<string, string | undefined>>;

/** An experiment file as it is on the disk. */
export interface WrittenFile {
  /** As a person would name it. */
  readonly name: string;
  /** Its relative paths begin here. */
  readonly folder: string;
  readonly document: Document;
  readonly lines: LineCounter;
  /** All of it but `extends`. */
  readonly content: Readonly<Record<string, unknown>>;
}

/**
 * The file, the one that it extends, the one that this extends, and so on.
 * @throws {ConfigError} for a file that cannot be read, and for one that extends itself
 */
export function readWrittenFiles(file: string, environment: Environment): readonly WrittenFile[] {
  const files: WrittenFile[] = [];
  const seen: string[] = [];
  let next: string | null = pathOrShipped(file, file);
  while (next !== null) {
    const [above] = files.slice(-1);
    const source: string = readSource(next, above);
    const identity = realpathSync(next);
    const names = [...files.map(({ name }) => name), next];
    if (seen.includes(identity))
      throw new ConfigError(
        `${file} ends nowhere: ${names.join(" extends ")}. Take one of these \`extends\` out.`,
      );
    const { extended, ...written } = parsed(next, source, environment);
    files.push(written);
    seen.push(identity);
    next = extended;
  }
  return files;
}

function readSource(file: string, above: WrittenFile | undefined): string {
  try {
    return readFileSync(file, "utf8");
  } catch (cause) {
    const near = nearShipped(file);
    const what =
      above === undefined
        ? `Give the path of a YAML file, or the name of a shipped one, such as ${near ?? "laptop"}.`
        : `It is what ${above.name} extends (line ${lineAt(above, ["extends"]) ?? 1}); the path is relative to the file that names it.`;
    throw new ConfigError(`Experiment file ${file} cannot be read: ${messageOf(cause)}. ${what}`, { cause });
  }
}

function parsed(
  name: string,
  source: string,
  environment: Environment,
): WrittenFile & { readonly extended: string | null } {
  const lines = new LineCounter();
  const document = parseDocument(source, { lineCounter: lines, prettyErrors: true });
  const problem = document.errors[0];
  if (problem) throw new ConfigError(`${name} is not valid YAML: ${problem.message}`, { cause: problem });
  if (!isMap(document.contents))
    throw new ConfigError(
      `${name} must hold a mapping (name:, stack:, workload: …); see \`tollgate schema\`.`,
    );
  const { extends: extended, ...content } = contentOf(document, name);
  const file = { name, folder: dirname(resolve(name)), document, lines, content };
  return { ...file, extended: extended === undefined ? null : baseOf(file, extended, environment) };
}

/** @throws {ConfigError} for aliases that would make a file of a few lines fill the memory */
function contentOf(document: Document, name: string): Readonly<Record<string, unknown>> {
  try {
    return document.toJS() as Readonly<Record<string, unknown>>;
  } catch (cause) {
    throw new ConfigError(`${name} cannot be read: ${messageOf(cause)}`, { cause });
  }
}

/** The file that another one extends, named from where the first one was named. */
function baseOf(file: WrittenFile, extended: unknown, environment: Environment): string {
  const { name } = file;
  if (typeof extended !== "string" || extended.trim() === "")
    throw new ConfigError(
      `${name} cannot be used:\n  extends (line ${lineAt(file, ["extends"]) ?? 1}): write the path of one experiment file, e.g. extends: laptop.yaml`,
    );
  const path = interpolate(extended, { environment, fileAt: () => name }) as string;
  return pathOrShipped(isAbsolute(path) ? path : join(dirname(name), path), path);
}

/** Line of what stands at a path of the file, or of what is around it; null where nothing of it is in the file. */
export function lineAt(
  { document, lines }: Pick<WrittenFile, "document" | "lines">,
  path: readonly PropertyKey[],
): number | null {
  for (let length = path.length; length > 0; length -= 1) {
    const range = rangeOf(document.getIn(path.slice(0, length), true));
    if (range !== undefined) return lines.linePos(range[0]).line;
  }
  return null;
}

function rangeOf(node: unknown): readonly [number, number, number] | undefined {
  return (node as { range?: [number, number, number] } | undefined)?.range;
}

/** The key that a file may have beside those of an experiment. */
export const fileKeys = ["extends"] as const;
