/**
 * Templates print JSON as Python does, and JavaScript forgets what Python keeps: `1.0` is a float, `12345678901234567890` is
 * exact, the key `"2"` stays behind the key `"b"`. Such literals travel through the template as marked texts and are put
 * back afterwards. The marks are code points that Unicode promises never to use.
 */
const marks = { number: "\uFDD0", numberEnd: "\uFDD1", key: "\uFDD2", keyEnd: "\uFDD3" } as const;

const anyMark = /[\uFDD0-\uFDD3]/;
/** Cheap, and true for every text that has such a literal; few have. */
const suspicious = /\d[.eE]|\d{16}|"\d+"\s*:/;
const token = /"(?:[^"\\]|\\.)*"|-?\d+(?:\.\d+)?(?:[eE][+-]?\d+)?/g;
const integerKey = /^"(?:0|[1-9]\d*)"$/;

/**
 * `JSON.parse` for what a template will print; `restoreLiterals` belongs to it.
 * @throws {SyntaxError} when the text is not JSON
 */
export function parseForTemplate(text: string): unknown {
  if (!suspicious.test(text) || anyMark.test(text)) return JSON.parse(text);
  // A text that is not JSON must be seen before marks are put into it.
  JSON.parse(text);
  return JSON.parse(
    text.replaceAll(token, (found, at: number) => {
      if (!found.startsWith('"')) return markedNumber(found);
      const isKey =
        integerKey.test(found) && /^\s*:/.test(text.slice(at + found.length, at + found.length + 64));
      return isKey ? `"${marks.key}${found.slice(1, -1)}${marks.keyEnd}"` : found;
    }),
  );
}

/** The rendered text with the literals that `parseForTemplate` had marked. */
export function restoreLiterals(rendered: string): string {
  if (!anyMark.test(rendered)) return rendered;
  return rendered.replaceAll(/"?\uFDD0([^\uFDD1]*)\uFDD1"?/g, "$1").replaceAll(/[\uFDD2\uFDD3]/g, "");
}

function markedNumber(source: string): string {
  const value = Number(source);
  const printed = /[.eE]/.test(source) ? pythonFloat(value) : source.replace(/^-0$/, "0");
  return printed === String(value) ? source : `"${marks.number}${printed}${marks.numberEnd}"`;
}

/** `repr(float)`: shortest digits, an exponent from 1e16 up and below 1e-4, always a point or an exponent. */
export function pythonFloat(value: number): string {
  if (!Number.isFinite(value)) return value > 0 ? "Infinity" : "-Infinity";
  if (Object.is(value, -0)) return "-0.0";
  const size = Math.abs(value);
  if (size !== 0 && (size >= 1e16 || size < 1e-4)) {
    const [digits, exponent = ""] = value.toExponential().split("e");
    return `${digits}e${exponent.startsWith("-") ? "-" : "+"}${exponent.slice(1).padStart(2, "0")}`;
  }
  return Number.isInteger(value) ? `${value}.0` : String(value);
}
