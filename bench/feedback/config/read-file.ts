import { readFileSync } from "node:fs";
import { basename, dirname, extname, join, resolve } from "node:path";
import { isMap, LineCounter, parseDocument, type Document } from "yaml";
import { pathOrShipped } from "../../config/shipped-experiment.ts";
import { ConfigError, messageOf } from "../../errors.ts";

/** A settings file as it is on the disk, over those that it names in Hydra's `defaults`. */
export interface SettingsFile {
  /** As a person would name it. */
  readonly name: string;
  /** Absolute; its relative paths begin here. */
  readonly folder: string;
  readonly document: Document;
  readonly lines: LineCounter;
  readonly content: Readonly<Record<string, unknown>>;
}

/** Entries of `defaults` that name no file: the schema of the source, and the place of the file itself. */
const noFiles = new Set(["_self_", "_eval_schema"]);

/**
 * Reads a file. `hydra:` in it is how Hydra itself works, and is left out; files in `defaults` lie beside it and are read first.
 * @throws {ConfigError}
 */
export function readSettingsFile(file: string, above: readonly string[] = []): SettingsFile {
  const path = above.length === 0 ? pathOrShipped(file, file) : file;
  if (above.includes(resolve(path)))
    throw new ConfigError(`${file} names itself in \`defaults\`. Take that entry out.`);
  const read = parsed(path);
  const { defaults, hydra: _hydra, ...own } = read.content;
  const under = defaultsOf(defaults, read).map(
    (name) => readSettingsFile(join(read.folder, `${name}.yaml`), [...above, resolve(path)]).content,
  );
  return { ...read, content: Object.assign({}, ...under, own) as SettingsFile["content"] };
}

function parsed(path: string): SettingsFile {
  let text: string;
  try {
    text = readFileSync(path, "utf8");
  } catch (cause) {
    throw new ConfigError(
      `Settings file ${path} cannot be read: ${messageOf(cause)}. Give the path of a YAML file, or \`feedback-laptop\`, which is shipped.`,
      { cause },
    );
  }
  const lines = new LineCounter();
  const document = parseDocument(text, { lineCounter: lines, prettyErrors: true });
  const problem = document.errors[0];
  if (problem) throw new ConfigError(`${path} is not valid YAML: ${problem.message}`, { cause: problem });
  if (document.contents !== null && !isMap(document.contents))
    throw new ConfigError(`${path} must hold a mapping (base_model:, preferences:, num_steps: …).`);
  try {
    const content = (document.toJS() ?? {}) as Readonly<Record<string, unknown>>;
    return { name: path, folder: dirname(resolve(path)), document, lines, content };
  } catch (cause) {
    throw new ConfigError(`${path} cannot be read: ${messageOf(cause)}`, { cause });
  }
}

function defaultsOf(defaults: unknown, { name }: SettingsFile): readonly string[] {
  if (defaults === undefined) return [];
  if (!Array.isArray(defaults) || defaults.some((one) => typeof one !== "string"))
    throw new ConfigError(
      `${name}: \`defaults\` must be a list of names of files beside it; groups (a: b) are not known here.`,
    );
  return (defaults as readonly string[]).filter((one) => !noFiles.has(one));
}

/** What a run is called whose file gives it no name: the file's, in the letters that names of folders have. */
export function nameOfFile(file: string): string {
  const name = basename(file, extname(file))
    .toLowerCase()
    .replaceAll(/[^a-z0-9]+/g, "-")
    .replaceAll(/^-+|-+$/g, "");
  return name.slice(0, 41) || "feedback";
}
