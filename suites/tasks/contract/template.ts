/** What `{name}` stands for in ClawBench's messages, paths and commands; names that are not here stay as they are. */
export type TemplateValues = Readonly<Record<string, string>>;

const placeholder = /\{(?<name>\w+)\}/gu;
const shellPlaceholder = /\{(?<name>\w+)(?<raw>:raw)?\}/gu;

/** Replaces `{name}` by its value. */
export function renderTemplate(text: string, values: TemplateValues): string {
  return text.replaceAll(placeholder, (whole, name: string) => valueOf(values, name) ?? whole);
}

/**
 * Replaces `{name}` in a line of shell so that its value is data wherever it stands: in quotes it is escaped for them,
 * outside it is quoted. `{name:raw}` puts it in as it is.
 */
export function renderShellTemplate(text: string, values: TemplateValues): string {
  let result = "";
  let end = 0;
  for (const match of text.matchAll(shellPlaceholder)) {
    const value = valueOf(values, match.groups?.["name"] ?? "");
    if (value === null) continue;
    const isRaw = match.groups?.["raw"] !== undefined;
    result += text.slice(end, match.index) + (isRaw ? value : asData(value, quoteAt(text, match.index)));
    end = match.index + match[0].length;
  }
  return result + text.slice(end);
}

function asData(value: string, quote: "'" | '"' | null): string {
  if (quote === "'") return value.replaceAll("'", String.raw`'\''`);
  if (quote === '"') return value.replaceAll(/[\\"$`]/gu, String.raw`\$&`);
  return /^[\w@%+=:,./-]+$/u.test(value) ? value : `'${value.replaceAll("'", `'"'"'`)}'`;
}

const valueOf = (values: TemplateValues, name: string): string | null =>
  Object.hasOwn(values, name) ? (values[name] ?? null) : null;

/** Inside which quotes of a shell a position lies. */
function quoteAt(text: string, position: number): "'" | '"' | null {
  let quote: "'" | '"' | null = null;
  let escaped = false;
  for (const sign of text.slice(0, position)) {
    if (quote === "'") {
      if (sign === "'") quote = null;
    } else if (escaped) {
      escaped = false;
    } else if (sign === "\\") {
      escaped = true;
    } else if (sign === "'" && quote === null) {
      quote = "'";
    } else if (sign === '"') {
      quote = quote === '"' ? null : '"';
    }
  }
  return quote;
}
