import { readdirSync, statSync } from "node:fs";
import { join } from "node:path";
import { closestWord } from "../../config/closest-word.ts";
import { ConfigError, messageOf } from "../../errors.ts";
import type { Preference } from "./preference.ts";
import { readPreference } from "./read-preference.ts";
import type { VerifierEnvironment } from "../verifiers/kind.ts";

export interface WantedPreferences {
  /** In the order in which they are trained. */
  readonly names: readonly string[];
  /** The user's own files, or folders of them; absolute. */
  readonly files: readonly string[];
  /** For the keys of judges. */
  readonly environment: VerifierEnvironment;
}

/** Those that Tollgate brings. */
const shippedFolder = join(import.meta.dirname, "..", "own");

/**
 * The preferences of these names. All of the user's files are read, so that a mistake in one is told before anything starts. A file
 * of the user takes the place of a shipped one of the same name.
 * @throws {ConfigError} for a file that cannot be used, two of the same name, and a name that none has
 */
export function loadPreferences({ names, files, environment }: WantedPreferences): readonly Preference[] {
  const own = byName(files.flatMap(filesAt).map((file) => readPreference(file, environment)));
  const shipped = byName(filesAt(shippedFolder).map((file) => readPreference(file, environment)));
  const known = new Map([...shipped, ...own]);
  if (names.length === 0)
    throw new ConfigError(`preferences: none is named. Name one or more of ${list(known.keys())}.`);
  const twice = names.find((name, at) => names.indexOf(name) !== at);
  if (twice !== undefined)
    throw new ConfigError(
      `preferences: ${twice} is named twice. Take one of them out: each is trained once.`,
    );
  return names.map((name) => known.get(name) ?? refuse(name, [...known.keys()]));
}

function byName(preferences: readonly Preference[]): ReadonlyMap<string, Preference> {
  const found = new Map<string, Preference>();
  for (const preference of preferences) {
    const { name, file } = preference;
    // A folder on some machines has no two names that differ in the case of letters alone.
    const other = [...found.values()].find((one) => one.name.toLowerCase() === name.toLowerCase());
    if (other !== undefined && other.file !== file)
      throw new ConfigError(
        `Two preference files have the name ${name}: ${other.file} and ${file}. Give one of them another name.`,
      );
    found.set(name, preference);
  }
  return found;
}

function filesAt(path: string): readonly string[] {
  let entries: readonly string[];
  try {
    if (!statSync(path).isDirectory()) return [path];
    entries = readdirSync(path);
  } catch (cause) {
    throw new ConfigError(
      `preference_files: ${path} cannot be read: ${messageOf(cause)}. Name YAML files, or folders of them.`,
      { cause },
    );
  }
  const files = entries.filter((name) => /\.ya?ml$/i.test(name)).sort();
  if (files.length === 0)
    throw new ConfigError(`preference_files: the folder ${path} holds no file that ends in .yaml or .yml.`);
  return files.map((name) => join(path, name));
}

function refuse(name: string, known: readonly string[]): never {
  const near = closestWord(name, known);
  const hint = near === null ? "" : ` Did you mean ${near}?`;
  throw new ConfigError(
    `preferences: no preference has the name ${JSON.stringify(name)}; known: ${list(known)}.${hint} Files of your own are named in preference_files.`,
  );
}

const list = (names: Iterable<string>) => [...names].sort().join(", ");
