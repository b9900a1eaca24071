import { readFileSync } from "node:fs";
import { ConfigError, messageOf } from "../../../bench/errors.ts";
import { universalNewlines } from "./python-text.ts";

/** The text of a policy or guidelines file as Python's text mode reads it. Throws `ConfigError` with the path. */
export function readPromptFile(path: string, purpose: string): string {
  let bytes: Buffer;
  try {
    bytes = readFileSync(path);
  } catch (error) {
    throw new ConfigError(
      `Cannot read ${purpose} ${path}: ${messageOf(error)}. Point the data folder at one that holds tau2/.`,
      { cause: error },
    );
  }
  try {
    return universalNewlines(new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(bytes));
  } catch (error) {
    throw new ConfigError(`${purpose} ${path} is not UTF-8 text. Fetch the file again.`, { cause: error });
  }
}
