import { readFileSync } from "node:fs";
import { extname } from "node:path";
import { parse as parseToml, TomlDate } from "smol-toml";
import { ConfigError, messageOf } from "../../../bench/errors.ts";
import { validateModel } from "../python/field-type.ts";
import { parseJson } from "../python/json-parse.ts";
import { Validation } from "../python/validation.ts";
import type { Versions } from "../python/validation.ts";
import { normalizeInt, PyDate, PyFloat } from "../python/value.ts";
import type { Model, ModelType, PyValue } from "../python/value.ts";

/** Reads and validates a database. Throws ConfigError with the path, and with pydantic's text when a value is wrong. */
export function readDatabase(path: string, type: ModelType, versions: Versions): Model {
  let content: PyValue;
  try {
    const text = readFileSync(path, "utf8");
    content = extname(path) === ".toml" ? readToml(text) : parseJson(text);
  } catch (error) {
    throw new ConfigError(`Cannot read the database ${path}: ${messageOf(error)}. Fetch the file again.`, {
      cause: error,
    });
  }
  const validation = new Validation();
  const model = validateModel(type, content, validation);
  if (model !== undefined) return model;
  const problem = validation.error(type.name, versions);
  throw new ConfigError(`${path} is no ${type.name} of tau2: ${problem.message}`, { cause: problem });
}

/** TOML with ints and floats apart and dates as Python's; there is no null, a field is absent instead. */
function readToml(text: string): PyValue {
  return tomlValue(parseToml(text, { integersAsBigInt: true }));
}

function tomlValue(value: unknown): PyValue {
  if (typeof value === "string" || typeof value === "boolean") return value;
  if (typeof value === "bigint") return normalizeInt(value);
  if (typeof value === "number") return new PyFloat(value);
  if (Array.isArray(value)) return value.map(tomlValue);
  if (value instanceof TomlDate) {
    const iso = value.toISOString();
    return value.isDate()
      ? new PyDate("date", iso)
      : new PyDate("datetime", iso.replace(/(\.\d*?)0*$/, "$1").replace(/\.$/, ""));
  }
  if (typeof value === "object" && value !== null) {
    return new Map(Object.entries(value).map(([key, item]) => [key, tomlValue(item)]));
  }
  throw new TypeError(`unexpected TOML value of type ${typeof value}`);
}
