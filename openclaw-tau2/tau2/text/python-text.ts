/**
 * The two text rules of Python that reach a prompt: which characters end a line, and what counts as blank.
 * JavaScript's own `split` and `trim` differ from them on rare code points.
 */
// oxlint-disable-next-line no-control-regex -- Python ends lines at these control characters
const LINES = /[^\n\r\v\f\x1c-\x1e\x85\u2028\u2029]*(?:\r\n|[\n\r\v\f\x1c-\x1e\x85\u2028\u2029]|$)/gu;
// oxlint-disable-next-line no-control-regex -- and takes these for white space
const BLANK = /^[\t-\r\x1c-\x20\x85\xa0\u1680\u2000-\u200a\u2028\u2029\u202f\u205f\u3000]*$/u;

/** `str.splitlines(keepends=True)`. */
export function splitLines(text: string): readonly string[] {
  return [...text.matchAll(LINES)].map((match) => match[0]).filter((line) => line !== "");
}

/** Whether `text.strip()` is empty. */
export function isBlank(text: string): boolean {
  return BLANK.test(text);
}

/** `textwrap.indent(text, prefix)`: blank lines get no prefix. */
export function indentLines(text: string, prefix: string): string {
  return splitLines(text)
    .map((line) => (isBlank(line) ? line : prefix + line))
    .join("");
}

/** What Python's text mode hands over: every line end is a line feed. */
export function universalNewlines(text: string): string {
  return text.replaceAll(/\r\n?/gu, "\n");
}

/**
 * `template.format(**values)` for templates with named fields only. Fields that have no value stay as they are, which
 * keeps a changed template visible in the prompt.
 */
export function formatTemplate(template: string, values: Readonly<Record<string, string>>): string {
  return template.replaceAll(/\{\{|\}\}|\{(\w+)\}/gu, (whole, name: string | undefined) => {
    if (name === undefined) return whole.slice(0, 1);
    return Object.hasOwn(values, name) ? (values[name] ?? whole) : whole;
  });
}
