import { parse } from "yaml";
import { ConfigError, messageOf } from "../../errors.ts";

/** `training.is_clip=7.0`, as Hydra takes it on its command line. */
export interface Override {
  /** As it was written. */
  readonly text: string;
  readonly path: readonly string[];
  readonly value: unknown;
}

/**
 * Reads one override: `key=value`, also with Hydra's `+` and `++` in front, which make no difference where every key is known.
 * @throws {ConfigError} for what is none
 */
export function readOverride(text: string): Override {
  const equals = text.indexOf("=");
  if (text.startsWith("~"))
    throw new ConfigError(
      `${text} would delete a setting. Write KEY=null, or leave the key out of the file.`,
    );
  const key = text.slice(0, Math.max(equals, 0)).replace(/^\+{1,2}/, "");
  if (equals < 1 || !/^[\w-]+(\.[\w-]+)*$/.test(key))
    throw new ConfigError(
      `${text} is no setting; write KEY=VALUE, e.g. num_steps=10 or 'preferences=[concise]'.`,
    );
  const written = text.slice(equals + 1);
  // Nothing behind the sign is an empty text, as in Hydra. A comparison would be the head of a block of text in YAML.
  if (written === "" || /^>=?[^\n]*$/.test(written)) return { text, path: key.split("."), value: written };
  try {
    return { text, path: key.split("."), value: parse(written) as unknown };
  } catch (cause) {
    throw new ConfigError(
      `${text} cannot be applied: ${messageOf(cause)}. Quote what a shell would change.`,
      { cause },
    );
  }
}

/** A copy of the settings with one of them changed. @throws {ConfigError} where a value stands on the way to it */
export function withOverride(
  settings: Readonly<Record<string, unknown>>,
  { text, path, value }: Override,
): Readonly<Record<string, unknown>> {
  const [key, ...rest] = path;
  if (key === undefined) return settings;
  if (rest.length === 0) return { ...settings, [key]: value };
  const inner = settings[key] ?? {};
  if (!isMapping(inner))
    throw new ConfigError(
      `${text} cannot be applied: ${key} is ${JSON.stringify(inner)} and holds no settings.`,
    );
  return { ...settings, [key]: withOverride(inner, { text, path: rest, value }) };
}

export function isMapping(value: unknown): value is Readonly<Record<string, unknown>> {
  return value !== null && typeof value === "object" && !Array.isArray(value);
}
