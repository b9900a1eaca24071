/** Which words stand for keys: one rule for records, archives, containers and lists of processes. */

/** Does a variable or header of this name hold a key? `TOKENIZERS_PARALLELISM`, numbers of tokens and Portkey's own do not. */
export function isSecretName(name: string): boolean {
  return /TOKEN(?!S|IZ)|(?<!(?:^|[_-])PORT)KEY|SECRET|PASSW|CREDENTIAL|AUTH|COOKIE|PRIVATE/i.test(name);
}

/** Is the word after this flag of a command line a key? A flag that ends in `-env` names a variable. */
export function isSecretFlag(flag: string): boolean {
  return /^--?[\w-]*(key|token|secret|password|credentials?|authorization)$/i.test(flag);
}

/** A command line without the values of `--api-key VALUE` and `--api-key=VALUE`. */
export function withoutKeys(words: readonly string[]): readonly string[] {
  return words.map((word, index) => {
    const [flag = ""] = word.split("=");
    if (flag !== word && isSecretFlag(flag)) return `${flag}=<redacted>`;
    return isSecretFlag(words[index - 1] ?? "") && !word.startsWith("--") ? "<redacted>" : word;
  });
}

/** Stands in files and messages where a key was. */
export const withheld = "(secret)";

/** Shorter values (`none`, `EMPTY`, a port) are no keys, and stand in words by chance. */
const keyCharactersMin = 6;

/** A text with `${NAME}` in place of every value of a variable whose name is a key's. */
export function keysAsReferences(
  text: string,
  environment: Readonly<Record<string, string | undefined>>,
): string {
  return Object.entries(environment).reduce(
    (shown, [name, value]) =>
      value !== undefined && value.length >= keyCharactersMin && isSecretName(name)
        ? shown.replaceAll(value, () => `\${${name}}`)
        : shown,
    text,
  );
}

/**
 * Takes keys out of what a server says: some repeat the key that they refuse. A value as a header has it (`Bearer KEY`) stands for the
 * key alone, too, and in JSON a key may be written with marks of its own.
 * @param values of headers, or keys
 */
export function secretsRemover(values: readonly string[]): (text: string) => string {
  const secrets = values
    .flatMap((value) => [value, value.replace(/^\w+\s+/u, "")])
    .filter((value) => value.length >= keyCharactersMin)
    .flatMap((value) => [value, JSON.stringify(value).slice(1, -1)])
    .sort((a, b) => b.length - a.length);
  return (text) => secrets.reduce((rest, secret) => rest.replaceAll(secret, withheld), text);
}
