import { ConfigError } from "../errors.ts";
import { withheld } from "../host/secret-words.ts";

interface InterpolationContext {
  readonly environment: Readonly<Record<string, string | undefined>>;
  /** The file that wrote what stands at a path, for messages. */
  readonly fileAt: (path: readonly string[]) => string;
}

/** `${NAME}` and `${NAME:-default}` inside strings, once: a value is data. @throws {ConfigError} for a variable that is not set */
export function interpolate(
  value: unknown,
  context: InterpolationContext,
  path: readonly string[] = [],
): unknown {
  if (typeof value === "string") return interpolatedText(value, context, path);
  if (Array.isArray(value))
    return value.map((item, index) => interpolate(item, context, [...path, String(index)]));
  if (value === null || typeof value !== "object") return value;
  return Object.fromEntries(
    Object.entries(value).map(([key, item]) => [key, interpolate(item, context, [...path, key])]),
  );
}

function interpolatedText(
  text: string,
  { environment, fileAt }: InterpolationContext,
  path: readonly string[],
): string {
  if (text.includes(withheld)) {
    throw new ConfigError(
      `${fileAt(path)} has ${withheld} where a run's record left a key out. Give it with --set, as \${NAME} of an environment variable.`,
    );
  }
  return text.replaceAll(/\$\{(\w+)(?::-([^}]*))?\}/g, (_, name: string, fallback: string | undefined) => {
    const found = environment[name] ?? fallback;
    if (found !== undefined) return found;
    throw new ConfigError(
      `${fileAt(path)} uses \${${name}}, which is not set. Set it or write \${${name}:-default}.`,
    );
  });
}
