/**
 * Patterns of tasks are written for Python's `re`, whose words and spaces are those of Unicode. This is the same pattern for
 * JavaScript; null where it is none that can be translated.
 */
export function pythonPattern(
  source: string,
  flags: { readonly lines?: boolean; readonly caseless?: boolean } = {},
): RegExp | null {
  // Inline flags stand at the beginning; `x` would need another reading of the whole pattern.
  const inline = /^\(\?(?<letters>[aimsLu]+)\)/u.exec(source);
  const letters = new Set(inline?.groups?.["letters"] ?? "");
  const body = inline === null ? source : source.slice(inline[0].length);
  const chosen = new Set(["u", "i"]);
  if (!letters.has("i") && flags.caseless !== true) chosen.delete("i");
  if (flags.lines === true || letters.has("m")) chosen.add("m");
  if (flags.lines === true || letters.has("s")) chosen.add("s");
  return compiled(body, [...chosen].join(""));
}

/** As `re.search(pattern, text, re.IGNORECASE)`. */
export function caselessPattern(source: string): RegExp | null {
  return pythonPattern(source, { caseless: true });
}

function compiled(source: string, flags: string): RegExp | null {
  try {
    return new RegExp(translated(source), flags);
  } catch (error) {
    if (error instanceof SyntaxError) return null;
    throw error;
  }
}

const word = String.raw`\p{L}\p{N}_`;
const outside: Readonly<Record<string, string>> = {
  w: `[${word}]`,
  W: `[^${word}]`,
  b: `(?:(?<=[${word}])(?![${word}])|(?<![${word}])(?=[${word}]))`,
  B: `(?:(?<=[${word}])(?=[${word}])|(?<![${word}])(?![${word}]))`,
  d: String.raw`\p{Nd}`,
  D: String.raw`\P{Nd}`,
  A: String.raw`(?<![\s\S])`,
  Z: String.raw`(?![\s\S])`,
};
const within: Readonly<Record<string, string>> = { w: word, d: String.raw`\p{Nd}`, D: String.raw`\P{Nd}` };
/** What may stand behind a backslash in JavaScript; Python takes one before any other sign as well. */
const escapes = /[\^$.*+?()[\]{}|/\\dDwWsSbBnrtfvcxukpP0-9-]/u;

function translated(source: string): string {
  let result = "";
  let inClass = false;
  for (let at = 0; at < source.length; at++) {
    const sign = source.charAt(at);
    if (sign === "\\") {
      at += 1;
      if (!inClass && isRepeatedPlace(source.slice(at))) throw new SyntaxError("a place cannot be repeated");
      result += escape(source.charAt(at), inClass);
      continue;
    }
    if (inClass) {
      inClass = sign !== "]";
      // Python reads an opening bracket in a class as itself.
      result += sign === "[" ? String.raw`\[` : sign;
      continue;
    }
    if (sign === "[") {
      const [opened, length] = openClass(source.slice(at));
      result += opened;
      at += length - 1;
      inClass = true;
      continue;
    }
    const group = /^\(\?P(?:<(?<name>\w+)>|=(?<again>\w+)\))/u.exec(source.slice(at))?.groups;
    if (group !== undefined) {
      result += group["name"] === undefined ? String.raw`\k<${group["again"]}>` : `(?<${group["name"]}>`;
      at += "(?P<>".length + (group["name"] ?? group["again"] ?? "").length - 1;
      continue;
    }
    result += literalSign(source, at) ?? sign;
  }
  return result;
}

/** Our forms of `\b` and its like could be repeated; what they stand for cannot. */
const isRepeatedPlace = (rest: string): boolean => /^[bBAZ](?:[*+?]|\{\d*,?\d*\})/u.test(rest);

/** `[]a]` and `[^]a]`: a closing bracket that stands first is one of the signs. */
function openClass(rest: string): readonly [string, number] {
  const start = rest.startsWith("[^") ? "[^" : "[";
  return rest.charAt(start.length) === "]" ? [`${start}\\]`, start.length + 1] : [start, start.length];
}

function escape(sign: string, inClass: boolean): string {
  if (sign === "b" && inClass) return String.raw`\x08`;
  const replaced = (inClass ? within : outside)[sign];
  if (replaced !== undefined) return replaced;
  return escapes.test(sign) && !(sign === "-" && !inClass) ? `\\${sign}` : sign;
}

/** Signs that are themselves in Python where JavaScript's `u` refuses them, and its shorter form of a count. */
function literalSign(source: string, at: number): string | null {
  const sign = source.charAt(at);
  if (sign === "]") return String.raw`\]`;
  const rest = source.slice(at);
  if (/^\{,\d*\}/u.test(rest)) return "{0";
  if (sign === "{" && !/^\{\d*,?\d*\}/u.test(rest)) return String.raw`\{`;
  if (sign === "}" && !/\{\d*,?\d*$/u.test(source.slice(0, at))) return String.raw`\}`;
  return null;
}
