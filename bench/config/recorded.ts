import { parse } from "yaml";
import { isSecretFlag, isSecretName, withheld } from "../host/secret-words.ts";

/** Settings that hold environment variables of a program, or headers of its requests: the place for keys. */
const environments = new Set(["environment", "extraEnv", "headers"]);

/** What is known about the place of a text. */
interface Place {
  /** Name of the variable, among a program's environment variables; null elsewhere. */
  readonly variable: string | null;
  /** The text is a key by its place, whatever it says. */
  readonly secret: boolean;
}
const anywhere: Place = { variable: null, secret: false };

/**
 * A value of an experiment as files may show it: a reference `${NAME}` stays in place of a key, and a key that was written
 * out is withheld. Among a program's environment variables every reference stays; elsewhere those that are keys by their
 * own name or by the flag before them, because models, addresses and domains say what was measured.
 * @param raw the same value as it was written, before references were replaced
 */
export function recorded<Value>(value: Value, raw: unknown): Value {
  // The shape is kept: only texts are replaced, by texts.
  return recordedAt(value, raw, anywhere) as Value;
}

function recordedAt(value: unknown, raw: unknown, place: Place): unknown {
  if (typeof value === "string") return typeof raw === "string" ? recordedText(value, raw, place) : value;
  if (Array.isArray(value)) {
    const words: readonly unknown[] = Array.isArray(raw) ? raw : [];
    return value.map((item, index) => recordedAt(item, words[index], afterWord(words[index - 1])));
  }
  if (value === null || typeof value !== "object") return value;
  const written = new Map<string, unknown>(
    raw !== null && typeof raw === "object" ? Object.entries(raw) : [],
  );
  return Object.fromEntries(
    Object.entries(value).map(([key, item]) => [key, recordedSection(key, item, written.get(key))]),
  );
}

function recordedSection(key: string, item: unknown, raw: unknown): unknown {
  if (environments.has(key)) return recordedVariables(item, raw);
  return key === "files" ? recordedFiles(item, raw) : recordedAt(item, raw, anywhere);
}

/** A file of a program may hold keys, as references or written out. */
function recordedFiles(files: unknown, raw: unknown): unknown {
  const kept = recordedAt(files, raw, anywhere);
  if (kept === null || typeof kept !== "object") return kept;
  return Object.fromEntries(
    Object.entries(kept).map(([name, text]) => [
      name,
      typeof text === "string" ? withoutLiteralKeys(text) : text,
    ]),
  );
}

/** `api_key: …`, `"token": "…"`, `Authorization "Bearer …"`, as the languages of such files write them. */
const assignedKey =
  /([\w.-]*(?:key|token|secret|password|authorization)(?:["']?\s*[:=]\s*|["']?\s+(?=["']?Bearer\s))["']?(?:Bearer\s+)?)([^\s"',;]+)/gi;
/** Paths, and what is filled in later. */
const noKey = /^(?:[./~]|\{|\$|os\.environ\/)/;

function withoutLiteralKeys(text: string): string {
  return text.replaceAll(assignedKey, (whole, before: string, key: string) =>
    key.length < literalKeyMin || noKey.test(key) || !isSecretName(before) ? whole : before + withheld,
  );
}

function afterWord(word: unknown): Place {
  return { variable: null, secret: typeof word === "string" && isSecretFlag(word) };
}

function recordedVariables(variables: unknown, raw: unknown): unknown {
  if (variables === null || typeof variables !== "object") return variables;
  const written = new Map<string, unknown>(
    raw !== null && typeof raw === "object" ? Object.entries(raw) : [],
  );
  return Object.fromEntries(
    Object.entries(variables).map(([name, value]) => [
      name,
      recordedAt(value, written.get(name), { variable: name, secret: isSecretName(name) }),
    ]),
  );
}

/** `${NAME}` or `${NAME:-default}`, with the flag of `--flag=${NAME}` before it. */
const reference = /\$\{(\w+)(?::-[^}]*)?\}/g;

function recordedText(value: string, raw: string, { variable, secret }: Place): string {
  const [flag = ""] = raw.split("=");
  if (variable === null && flag !== raw && isSecretFlag(flag))
    return `${flag}=${recordedText(value.slice(flag.length + 1), raw.slice(flag.length + 1), { variable, secret: true })}`;
  const names = [...raw.matchAll(reference)].map(([, name = ""]) => name);
  const keeps = variable !== null || secret || names.some(isSecretName);
  if (secret && hasLiteralKey(raw)) return withheld;
  if (!keeps || names.length === 0) return value;
  // A default of a key is a key.
  return raw.replaceAll(reference, (whole, name: string) =>
    secret || isSecretName(name) ? `\${${name}}` : whole,
  );
}

/** Shorter ones (`none`, `EMPTY`, `dummy`) are no keys; `{engineKey}` and `${NAME}` are filled in later. */
const literalKeyMin = 6;

function hasLiteralKey(raw: string): boolean {
  const literal = raw.replaceAll(reference, "").replaceAll(/\{\w+\}/g, "");
  return literal.replace(/^\s*Bearer\s*/i, "").trim().length >= literalKeyMin;
}

/** The arguments of a command line as files may show them: `--set` may hold what an experiment file may hold. */
export function recordedArguments(words: readonly string[]): readonly string[] {
  return words.map((word, index) => {
    if (words[index - 1] === "--set") return recordedSetting(word);
    return word.startsWith("--set=") ? `--set=${recordedSetting(word.slice("--set=".length))}` : word;
  });
}

function recordedSetting(setting: string): string {
  const equals = setting.indexOf("=");
  const path = setting.slice(0, Math.max(equals, 0));
  const text = setting.slice(equals + 1);
  let value: unknown;
  try {
    value = parse(text);
  } catch {
    return `${path}=${withheld}`; // Refused later, with its reason; what it holds is not known.
  }
  const nested = path.split(".").reduceRight<unknown>((inner, key) => ({ [key]: inner }), value);
  const kept = path
    .split(".")
    .reduce<unknown>(
      (outer, key) => (outer as Readonly<Record<string, unknown>>)[key],
      recorded(nested, nested),
    );
  return JSON.stringify(kept) === JSON.stringify(value) ? setting : `${path}=${JSON.stringify(kept)}`;
}
