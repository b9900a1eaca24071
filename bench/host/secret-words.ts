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
