import type { z } from "zod";
import { ConfigError } from "../errors.ts";

/** What Tollgate fills in, in braces, in an arm's command line, environment, headers and files. */
export const armPlaceholders = {
  engine: "URL without /v1 to forward to",
  engineHost: "host and port of that URL",
  port: "where it has to listen",
  metricsPort: "another free port",
  model: "name under which the engine serves",
  adminKey: "a secret made for this run",
  engineKey: "the engine's key",
  logs: "folder of the run's logs",
  files: "folder of its `files`",
} as const;
export type ArmPlaces = Readonly<Record<keyof typeof armPlaceholders, string>>;

/** A `${NAME}` that a plan shows, a doubled brace, or a placeholder. */
const marks = /\$\{[^}]*\}|\{\{|\{(\w+)\}/g;

/** `{name}` for each value, `{{` for a brace; a `${NAME}` that a plan shows stays. @throws {ConfigError} for a name that does not exist */
export function filled(text: string, values: Readonly<Record<string, string>>): string {
  return text.replaceAll(marks, (whole, name: string | undefined) => {
    if (name === undefined) return whole === "{{" ? "{" : whole;
    const value = values[name];
    if (value !== undefined) return value;
    throw new ConfigError(unknownText(whole, Object.keys(values)));
  });
}

interface PlacedText {
  readonly path: readonly (string | number)[];
  readonly text: string;
}

/** So that a misspelt name is refused before anything starts. */
export function refuseUnknownPlaceholders(texts: readonly PlacedText[], context: z.RefinementCtx): void {
  const known = Object.keys(armPlaceholders);
  for (const { path, text } of texts) {
    const [unknown] = [...text.matchAll(marks)].filter(
      ([, name]) => name !== undefined && !known.includes(name),
    );
    if (unknown === undefined) continue;
    context.addIssue({ code: "custom", path: [...path], message: unknownText(unknown[0], known) });
  }
}

function unknownText(placeholder: string, known: readonly string[]): string {
  return `${placeholder} is unknown here; there are ${known.map((name) => `{${name}}`).join(", ")}. Write {{ for a brace.`;
}
