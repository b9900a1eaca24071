import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { gunzipSync } from "node:zlib";
import { ConfigError, messageOf } from "../../../bench/errors.ts";
import { parseJson } from "../python/json-parse.ts";
import type { PyDict, PyValue } from "../python/value.ts";

/** Whether a golden file is there: a folder may hold the files of some domains only. */
export function hasGoldenFile(directory: string, name: string): boolean {
  return existsSync(join(directory, name));
}

/** The objects of a `.jsonl.gz`, ints and floats apart. Throws ConfigError with path and line. */
export function* goldenLines(directory: string, name: string): Generator<PyDict> {
  const path = join(directory, name);
  const lines = read(path, () => gunzipSync(readFileSync(path)).toString("utf8")).split("\n");
  for (const [index, line] of lines.entries()) {
    if (line !== "") yield read(`${path}, line ${index + 1}`, () => asDict(parseJson(line)));
  }
}

/** A golden `.json`, ints and floats apart. Throws ConfigError with the path. */
export function goldenJson(directory: string, name: string): PyValue {
  const path = join(directory, name);
  return read(path, () => parseJson(readFileSync(path, "utf8")));
}

function read<Value>(place: string, use: () => Value): Value {
  try {
    return use();
  } catch (error) {
    throw new ConfigError(`Cannot read the golden file ${place}: ${messageOf(error)}. Fetch it again.`, {
      cause: error,
    });
  }
}

/** A part of a golden record. Throws TypeError when it has another form. */
export function asDict(value: PyValue | undefined): PyDict {
  if (value instanceof Map) return value;
  throw new TypeError("expected an object");
}

export function asList(value: PyValue | undefined): readonly PyValue[] {
  if (Array.isArray(value)) return value;
  throw new TypeError("expected a list");
}

export function asText(value: PyValue | undefined): string {
  if (typeof value === "string") return value;
  throw new TypeError("expected a text");
}

export function asTextOrNull(value: PyValue | undefined): string | null {
  return value === null || value === undefined ? null : asText(value);
}

export function asNumber(value: PyValue | undefined): number {
  if (typeof value === "number") return value;
  if (typeof value === "object" && value !== null && "value" in value && typeof value.value === "number") {
    return value.value;
  }
  throw new TypeError("expected a number");
}

export function asRequestor(value: PyValue | undefined): "user" | "assistant" {
  if (value === "user" || value === "assistant") return value;
  throw new TypeError("expected user or assistant");
}
