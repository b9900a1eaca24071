const SIMPLE_ESCAPES: Readonly<Record<string, string>> = {
  "\n": "",
  "\\": "\\",
  "'": "'",
  '"': '"',
  a: "\u0007",
  b: "\b",
  f: "\f",
  n: "\n",
  r: "\r",
  t: "\t",
  v: "\v",
};
const LITERAL = /^(?<prefix>[a-z]*)(?<quote>'''|"""|'|")(?<body>[^]*)\k<quote>$/iu;
const ESCAPE = /\\(?:[0-7]{1,3}|x[\da-fA-F]{2}|u[\da-fA-F]{4}|U[\da-fA-F]{8}|[^])/gu;

/**
 * The value of a string literal. Null for what has no constant text value: formatted strings, bytes, and names of
 * characters (`\N{…}`).
 */
export function stringValue(literal: string): string | null {
  const groups = LITERAL.exec(literal)?.groups;
  const prefix = groups?.["prefix"]?.toLowerCase() ?? "";
  const body = groups?.["body"] ?? "";
  if (groups === undefined || /[fbt]/u.test(prefix)) return null;
  if (prefix.includes("r")) return body;
  if (/(?<!\\)(?:\\\\)*\\N/u.test(body)) return null;
  return body.replaceAll(ESCAPE, unescape);
}

function unescape(escape: string): string {
  const name = escape.slice(1);
  if (/^[0-7]/u.test(name)) return String.fromCodePoint(Number.parseInt(name, 8));
  // A lone surrogate such as `\ud83d` is legal in Python, too.
  if (/^[xuU]./u.test(name)) return String.fromCodePoint(Number.parseInt(name.slice(1), 16));
  return Object.hasOwn(SIMPLE_ESCAPES, name) ? (SIMPLE_ESCAPES[name] ?? escape) : escape;
}
