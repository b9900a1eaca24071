import { existsSync, readFileSync } from "node:fs";
import { ConfigError } from "../../../bench/errors.ts";
import { PythonSourceError } from "./python-source.ts";
import { stringValue } from "./python-string.ts";
import { TokenCursor } from "./token-cursor.ts";

/**
 * The text that a Python file assigns to `name`, anywhere in it, with a trailing `.strip()` applied. Prompts are read
 * so instead of being copied. Throws `ConfigError` for a missing file or name, `PythonSourceError` for another form.
 */
export function readStringConstant(path: string, name: string): string {
  if (!existsSync(path))
    throw new ConfigError(`${path} does not exist. Point to a tau2-bench checkout that has it.`);
  const source = { path, text: readFileSync(path, "utf8").replaceAll("\r\n", "\n") };
  const cursor = new TokenCursor(source);
  for (; cursor.peek().kind !== "end"; cursor.position += 1) {
    if (cursor.peek().kind !== "name" || cursor.peek().text !== name || cursor.peek(1).text !== "=") continue;
    cursor.position += 2;
    return readValue(cursor, name);
  }
  throw new ConfigError(
    `${path} assigns no text to ${name}. Use a tau2-bench version that this release supports.`,
  );
}

function readValue(cursor: TokenCursor, name: string): string {
  const place = cursor.place();
  let text = "";
  while (cursor.peek().kind === "string") {
    const part = stringValue(cursor.peek().text);
    if (part === null) throw new PythonSourceError(cursor.place(), `${name} is no plain text`);
    text += part;
    cursor.position += 1;
  }
  const rest = [0, 1, 2, 3].map((offset) => cursor.peek(offset).text).join("");
  if (rest === ".strip()") return text.trim();
  if (cursor.peek().kind !== "newline" || cursor.peek(-1).kind !== "string") {
    throw new PythonSourceError(place, `${name} is no plain text`);
  }
  return text;
}
