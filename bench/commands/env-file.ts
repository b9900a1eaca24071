import { readFileSync } from "node:fs";
import { resolve } from "node:path";
import { parseEnv } from "node:util";
import { Option } from "commander";
import { ConfigError, messageOf } from "../errors.ts";
import type { Host } from "./host.ts";

const flag = "--env-file";

/** Of every command; `withEnvFiles` reads it before there are commands. */
export function envFileOption(): Option {
  return new Option(
    `${flag} <file>`,
    "read variables from its lines NAME=VALUE; those that are set already win; may be repeated",
  ).argParser((file: string, earlier: readonly string[] | undefined) => [...(earlier ?? []), file]);
}

/**
 * The host with the variables of the files that the command line names. What the environment has already stays; of two files the
 * later one wins.
 * @throws {ConfigError} for a file that cannot be read, or has a line that sets nothing
 */
export function withEnvFiles(host: Host): Host {
  const files = namedFiles(host.argv);
  if (files.length === 0) return host;
  const read = files.map((file) => variablesOf(file, host.workingDirectory));
  const environment = { ...Object.assign({}, ...read), ...host.environment } as Host["environment"];
  return {
    ...host,
    environment,
    get columns() {
      return host.columns;
    },
  };
}

function namedFiles(argv: readonly string[]): readonly string[] {
  const end = argv.indexOf("--");
  const words = end < 0 ? argv : argv.slice(0, end);
  return words.flatMap((word, at) => {
    if (word.startsWith(`${flag}=`)) return [word.slice(flag.length + 1)];
    const file = words[at + 1];
    return word === flag && file !== undefined ? [file] : [];
  });
}

function variablesOf(file: string, workingDirectory: string): Readonly<Record<string, string | undefined>> {
  const text = textOf(file, workingDirectory);
  const line = unreadableLine(text);
  // The line itself is not shown: it may be half of a key.
  if (line !== null)
    throw new ConfigError(
      `${flag} ${file}: line ${line} sets nothing. Write NAME=VALUE, with quotes around a value of several lines, or # before a comment.`,
    );
  return parseEnv(text);
}

function textOf(file: string, workingDirectory: string): string {
  try {
    return readFileSync(resolve(workingDirectory, file), "utf8").replace(/^\uFEFF/, "");
  } catch (cause) {
    throw new ConfigError(`${flag} ${file} cannot be read: ${messageOf(cause)}.`, { cause });
  }
}

/** Number of the first line that Node's parser would leave out without a word; null where there is none. */
function unreadableLine(text: string): number | null {
  // Values in quotes may go over several lines; their line breaks stay, so that lines keep their numbers.
  const bare = text.replaceAll(/=[ \t]*(["'`])[\s\S]*?\1/g, (value) => `=${value.replaceAll(/[^\n]/g, "")}`);
  const at = bare
    .split("\n")
    .findIndex((line) => !/^\s*(#.*|(export\s+)?[A-Za-z_][\w.-]*\s*=.*)?$/.test(line.replace(/\r$/, "")));
  return at < 0 ? null : at + 1;
}
