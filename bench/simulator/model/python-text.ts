/** Numbers and JSON as Python writes them, because SGLang and tau2 do, and their texts end up in prompts and scrapes. */

/** `repr(float)`: shortest digits, exponent from 1e16 up and below 1e-4, always a point or an exponent. */
export function pythonFloat(value: number): string {
  if (Number.isNaN(value)) return "nan";
  if (!Number.isFinite(value)) return value > 0 ? "inf" : "-inf";
  if (value === 0) return Object.is(value, -0) ? "-0.0" : "0.0";
  const [digits = "", exponentText = "0"] = value.toExponential().split("e");
  const exponent = Number(exponentText);
  if (exponent >= 16 || exponent < -4) {
    const sign = exponent < 0 ? "-" : "+";
    return `${digits}e${sign}${String(Math.abs(exponent)).padStart(2, "0")}`;
  }
  // Between those bounds JavaScript writes no exponent either, except for 1e-5 and less, which is excluded above.
  const text = String(value);
  return text.includes(".") ? text : `${text}.0`;
}

const jsonToken = /"(?:[^"\\]|\\.)*"|-?\d+(?:\.\d+)?(?:[eE][+-]?\d+)?|true|false|null|[{}[\],:]/g;

/**
 * A JSON text as `json.dumps(json.loads(text), ensure_ascii=False)` would write it: `", "` and `": "` between the parts,
 * `2.0` stays `2.0`, `1e3` becomes `1000.0`, keys keep their order. (Doubled keys stay doubled; Python keeps the last.)
 * Throws SyntaxError when the text is not JSON.
 */
export function pythonJson(text: string): string {
  JSON.parse(text);
  let result = "";
  for (const [token] of text.matchAll(jsonToken)) {
    if (token === ",") result += ", ";
    else if (token === ":") result += ": ";
    else if (token.startsWith('"')) result += JSON.stringify(JSON.parse(token));
    else if (/^-?\d.*[.eE]/.test(token)) result += pythonFloat(Number(token));
    else result += token;
  }
  return result;
}
