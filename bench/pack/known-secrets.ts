import { basename, dirname } from "node:path";
import { isSecretName } from "../host/secret-words.ts";
import { secretLengthMin, type KnownSecrets } from "./redaction.ts";

/** Where the secrets of a run are known from: this process, and what the run says about itself. */
export interface SecretSources {
  readonly environment: Readonly<Record<string, string | undefined>>;
  readonly machine: { readonly hostname: string; readonly username: string; readonly home: string };
  readonly workingDirectory: string;
  readonly runDirectory: string;
  /** Text of `run.json` and of `evidence/servers/*.json`. */
  readonly descriptions: readonly string[];
}

const url = /\b(?:https?|wss?|socks5?):\/\/[^\s"'<>\\]+/gi;

export function knownSecrets(
  sources: SecretSources,
): KnownSecrets & { readonly tooShort: readonly string[] } {
  const { environment, machine, workingDirectory, runDirectory, descriptions } = sources;
  const variables = Object.entries(environment).flatMap(([name, value]) =>
    value === undefined || value === "" ? [] : [{ name, value }],
  );
  const keys = variables.filter(({ name }) => isSecretName(name));
  const urls = [...variables.map(({ value }) => value), ...descriptions]
    .flatMap((text) => text.match(url) ?? [])
    .flatMap((text) => URL.parse(text) ?? []);
  const home = [machine.home, environment["HOME"] ?? ""].filter((path) => path.startsWith("/"));
  return {
    secrets: [
      ...keys.map(({ value }) => value),
      ...urls.flatMap(secretsOf),
      ...descriptions.flatMap(describedKeys),
    ],
    tooShort: keys.filter(({ value }) => value.length < secretLengthMin).map(({ name }) => name),
    hosts: [machine.hostname, ...urls.map(({ hostname }) => hostname)],
    users: [
      machine.username,
      environment["USER"] ?? "",
      environment["LOGNAME"] ?? "",
      ...home.map((path) => basename(path)),
    ],
    paths: [
      ...home,
      workingDirectory,
      runDirectory,
      dirname(runDirectory),
      ...variables.map(({ value }) => value).filter((value) => /^\/[^:\n]+$/.test(value)),
      ...descriptions.flatMap(absolutePathsIn),
    ],
  };
}

function secretsOf({ username, password, searchParams }: URL): readonly string[] {
  const parameters = [...searchParams].filter(([name]) => isSecretName(name)).map(([, value]) => value);
  return [username, password, ...parameters].flatMap((text) => [text, decoded(text)]);
}

/** Runs of an older Tollgate hold the values of their programs' environment variables. */
function describedKeys(json: string): readonly string[] {
  const found: string[] = [];
  JSON.parse(json, (setting, value: unknown) => {
    if ((setting === "environment" || setting === "extraEnv") && value !== null && typeof value === "object")
      found.push(...keysAmong(Object.entries(value)));
    return value;
  });
  return found;
}

function keysAmong(variables: readonly (readonly [name: string, value: unknown])[]): readonly string[] {
  return variables.flatMap(([name, value]) =>
    typeof value === "string" && isSecretName(name) && !standsForKey.test(value)
      ? [value.replace(/^Bearer\s+/i, "")]
      : [],
  );
}

const standsForKey = /^(Bearer\s+)?(\$?\{[^}]*\}|\(secret\))$/i;

function decoded(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text; // A percent sign of its own.
  }
}

/** Strings of a JSON text that are absolute paths of files, not of HTTP. */
function absolutePathsIn(json: string): readonly string[] {
  const found: string[] = [];
  JSON.parse(json, (_, value: unknown) => {
    if (typeof value === "string" && /^\/[^\n]+\/[^\n]*$/.test(value) && !value.startsWith("/v1/"))
      found.push(value);
    return value;
  });
  return found;
}
