/**
 * What `pack --public` removes, all rules in one place. Texts are changed as text, never parsed and printed again, so
 * numbers and the order of keys stay as they were written; replacements hold no character that JSON or HTML would escape.
 *
 * | rule        | what                                                                                          | becomes            |
 * | ----------- | --------------------------------------------------------------------------------------------- | ------------------ |
 * | secret      | values of environment variables named like keys, user info and key parameters of known URLs    | `(secret)`         |
 * | key         | bearer tokens, `sk-…`, `hf_…`, `ghp_…`, `AKIA…`, values of JSON fields named like keys           | `(key)`            |
 * | host        | host of every URL but loopback and public documentation; known host names; other IPv4 addresses | `host-1.invalid` … |
 * | path        | known folders, and absolute paths below the root folders of Unix and of this run                | `(path)`           |
 * | user        | user names of this machine                                                                    | `(user)`           |
 */
export interface KnownSecrets {
  readonly secrets: readonly string[];
  readonly hosts: readonly string[];
  readonly users: readonly string[];
  /** Absolute. */
  readonly paths: readonly string[];
}

export type Rule = "secret" | "key" | "host" | "path" | "user" | "text-name";

const publicHosts =
  /^(localhost|127\.\d+\.\d+\.\d+|0\.0\.0\.0|\[?::1\]?|(www\.)?w3\.org|json-schema\.org|(www\.)?github\.com|huggingface\.co|host-\d+\.invalid)$/i;
/** Names that are words of our own files: replacing them would rewrite the records. */
const commonWords = new Set(
  "root user users agent admin ubuntu debian node runner gateway engine raw arm cell test data main local docker nobody localhost".split(
    " ",
  ),
);
const rootFolders =
  "home root Users tmp var mnt media opt srv usr etc proc run dev private nfs scratch storage lustre gpfs fsx work workspace work_dir data models shared projects export volumes".split(
    " ",
  );
const keyPatterns: readonly RegExp[] = [
  /(?<=\bBearer\s+)(?!none\b)[\w.~+/-]{4,}=*/gi,
  /\bsk-[\w-]{12,}/g,
  /\bhf_\w{12,}/g,
  /\bgh[pousr]_\w{20,}/g,
  /\bAKIA[0-9A-Z]{16}\b/g,
  /(?<=\\*"(?:admin_?)?(?:api_?key|password|passwd|secret|access_?token|hf_?token|authorization)\\*"\s*:\s*\\*")[^"\\]+/gi,
  /(?<=[?&](?:api_?key|key|token|access_token|sig|signature|password|secret)=)[^&\s"'<>\\]+/gi,
];
const url = /\b((?:https?|wss?|socks5?):\/\/)(?:([^\s/@"'<>\\]*)@)?(\[[0-9a-f:.]+\]|[\w.-]+)(:\d+)?/gi;
const address = /(?<![\w.])(?:\d{1,3}\.){3}\d{1,3}(?![\w.]\d|\w)/g;

/** Removes what must not be published from texts, the same way in every file of one archive. */
export class Redactor {
  /** What is known by its text, each with its rule, and all of it as one pattern: a secret within a path must not hide the path's rest. */
  readonly #literals: ReadonlyMap<string, "secret" | "path">;
  readonly #literal: RegExp;
  readonly #paths: RegExp;
  readonly #users: RegExp;
  readonly #hostNames: RegExp | null;
  readonly #pseudonyms = new Map<string, string>();
  readonly #counts = new Map<Rule, number>();
  readonly #textNames = new Map<string, string>();

  constructor(known: KnownSecrets) {
    const secrets = known.secrets.filter(({ length }) => length >= secretLengthMin).flatMap(withLines);
    const users = known.users.filter(isReplaceable);
    // What is both counts as a secret.
    this.#literals = new Map([
      ...known.paths
        .filter(isDeep)
        .flatMap(spellings)
        .map((text) => [text, "path"] as const),
      ...secrets.flatMap(spellings).map((text) => [text, "secret"] as const),
    ]);
    this.#literal = anyOf([...this.#literals.keys()]);
    this.#users = anyOf(users, word);
    const hosts = known.hosts.filter((host) => !publicHosts.test(host) && isReplaceable(host));
    this.#hostNames = hosts.length === 0 ? null : anyOf(hosts, word, "gi");
    const roots = [...rootFolders, ...known.paths.flatMap((path) => path.split("/")[1] ?? [])];
    this.#paths = new RegExp(
      String.raw`(?:(?<=file:\/\/)|(?<![\w.~/>)-]))/(?:${[...new Set(roots)]
        .filter((root) => root !== "" && root !== "v1")
        .map(escaped)
        .join("|")})(?:/[^\s"'<>|;,()\[\]{}\\\`]*)+`,
      "g",
    );
  }

  /** How often each rule was applied. */
  get counts(): ReadonlyMap<Rule, number> {
    return this.#counts;
  }

  redact(text: string): string {
    let result = text.replaceAll(this.#literal, (found) => {
      const rule = this.#literals.get(found) ?? "secret";
      this.#count(rule);
      return `(${rule})`;
    });
    for (const pattern of keyPatterns)
      result = this.#replace(result, { rule: "key", pattern, by: () => "(key)" });
    result = result.replaceAll(url, (...found: readonly (string | undefined)[]) => {
      const [whole = "", scheme = "", user, host = "", port = ""] = found;
      if (publicHosts.test(host) && user === undefined) return whole;
      this.#count("host");
      return `${scheme}${this.#pseudonym(host)}${port}`;
    });
    const hostPattern = this.#hostNames;
    if (hostPattern !== null)
      result = this.#replace(result, {
        rule: "host",
        pattern: hostPattern,
        by: (host) => this.#pseudonym(host),
      });
    result = result.replaceAll(address, (found) => {
      if (publicHosts.test(found)) return found;
      this.#count("host");
      return this.#pseudonym(found);
    });
    result = this.#replace(result, { rule: "path", pattern: this.#paths, by: () => "(path)" });
    // Last, because a user's name is a part of many paths.
    result = this.#replace(result, { rule: "user", pattern: this.#users, by: () => "(user)" });
    for (const [old, name] of this.#textNames)
      if (result.includes(old))
        result = this.#replace(result, { rule: "text-name", pattern: new RegExp(old, "g"), by: () => name });
    return result;
  }

  /** A stored text that was changed has another sha256, and that is its name: from now on the old one becomes the new one. */
  rename(oldSha256: string, sha256: string): void {
    this.#textNames.set(oldSha256, sha256);
  }

  #pseudonym(host: string): string {
    if (publicHosts.test(host)) return host;
    const key = host.toLowerCase();
    const name = this.#pseudonyms.get(key) ?? `host-${this.#pseudonyms.size + 1}.invalid`;
    this.#pseudonyms.set(key, name);
    return name;
  }

  #replace(
    text: string,
    {
      rule,
      pattern,
      by,
    }: { readonly rule: Rule; readonly pattern: RegExp; readonly by: (found: string) => string },
  ): string {
    return text.replaceAll(pattern, (found: string) => {
      this.#count(rule);
      return by(found);
    });
  }

  #count(rule: Rule): void {
    this.#counts.set(rule, (this.#counts.get(rule) ?? 0) + 1);
  }
}

/** Shorter values are in too many innocent places to be replaced; the archive's list names their variables. */
export const secretLengthMin = 6;

/** Files are read line by line, so a key of several lines is looked for by each of them, too. Short ones are words. */
function withLines(secret: string): readonly string[] {
  const lines = secret.split(/[\r\n]+/).map((line) => line.trim());
  return lines.length === 1 ? [secret] : [secret, ...lines.filter(({ length }) => length >= secretLineMin)];
}
const secretLineMin = 12;

const isReplaceable = (name: string) => name.length >= 3 && !commonWords.has(name.toLowerCase());
/** `/` and `/tmp` are no secrets. */
const isDeep = (path: string) =>
  path.startsWith("/") && path.split("/").filter((part) => part !== "").length >= 2;

const escaped = (text: string) => text.replaceAll(/[$()*+.?[\\\]^{|}/-]/g, String.raw`\$&`);
const word = (text: string) => String.raw`(?<![\w-])${escaped(text)}(?![\w-])`;

/** Longest first, so that a part of a secret does not hide the rest of it. Matches nothing when there is nothing. */
function anyOf(texts: readonly string[], form: (text: string) => string = escaped, flags = "g"): RegExp {
  const unique = [...new Set(texts)].filter((text) => text !== "").toSorted((a, b) => b.length - a.length);
  return new RegExp(unique.length === 0 ? "(?!)" : unique.map(form).join("|"), flags);
}

/** As it is, in a URL, in HTML, and in JSON within JSON within JSON. */
function spellings(text: string): readonly string[] {
  const once = JSON.stringify(text).slice(1, -1);
  const twice = JSON.stringify(once).slice(1, -1);
  const html = text
    .replaceAll("&", "&amp;")
    .replaceAll("<", "&lt;")
    .replaceAll(">", "&gt;")
    .replaceAll('"', "&quot;");
  return [
    text,
    once,
    twice,
    JSON.stringify(twice).slice(1, -1),
    encodeURIComponent(text),
    encodeURI(text),
    html,
  ];
}
