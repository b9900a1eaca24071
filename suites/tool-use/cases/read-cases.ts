import { readFileSync } from "node:fs";
import { createHash } from "node:crypto";
import { basename } from "node:path";
import { isUtf8 } from "node:buffer";
import { z } from "zod";
import { ConfigError, messageOf } from "../../../bench/errors.ts";
import type { DeclaredTool, WrittenValue, ToolUseCase } from "../contract/case.ts";
import { isObject, jsonText, parseJson } from "../contract/parse-json.ts";
import { caseSchema, toolSchema, type WrittenCase } from "./case-schema.ts";

export interface CaseFile {
  /** In the order of the file. */
  readonly cases: readonly ToolUseCase[];
  /** Tools that the file brings beside ours. */
  readonly tools: readonly DeclaredTool[];
  /** sha256 by file name. */
  readonly hashes: Readonly<Record<string, string>>;
}

/** Something of the file, and where it stands. */
interface Placed {
  readonly place: string;
  readonly value: WrittenValue;
}

/**
 * A file of cases: a JSON list of them, `{"tools": […], "cases": […]}`, or a case a line (`.jsonl`), where a line that has only
 * `tools` brings tools. @throws {ConfigError} naming file and place; half a file is never a set of cases
 */
export function readCases(file: string): CaseFile {
  const bytes = readBytes(file);
  if (!isUtf8(bytes))
    throw new ConfigError(`${file} is not UTF-8. Convert it, e.g. iconv -f latin1 -t utf-8.`);
  const text = bytes.toString("utf8").replace(/^\uFEFF/, "");
  const items = /\.(jsonl|ndjson)$/i.test(file) ? linesOf(file, text) : documentOf(file, text);
  const tools = items.flatMap((item) => (isToolsLine(item.value) ? toolsOf(file, item) : []));
  const cases = items.flatMap((item) => (isToolsLine(item.value) ? [] : [caseOf(file, item)]));
  if (cases.length === 0)
    throw new ConfigError(
      `${file} holds no case. Write one a line, {"test_id": …, "prompt": …, "expected_tool": …}.`,
    );
  refuseTwice(
    file,
    "test_id",
    cases.map(({ id }) => id),
  );
  refuseTwice(
    file,
    "tool",
    tools.map((tool) => tool.name),
  );
  return { cases, tools, hashes: { [basename(file)]: createHash("sha256").update(bytes).digest("hex") } };
}

function readBytes(file: string): Buffer {
  try {
    return readFileSync(file);
  } catch (cause) {
    throw new ConfigError(`The cases in ${file} cannot be read: ${messageOf(cause)}`, { cause });
  }
}

function linesOf(file: string, text: string): Placed[] {
  const lines = text.split(/\r\n|\n|\r/);
  return lines.flatMap((line, index) => {
    if (line.trim() === "") return [];
    const place = `line ${index + 1}`;
    try {
      return [{ place, value: parseJson(line) }];
    } catch (cause) {
      const torn =
        index === lines.length - 1 ? " It is the last one and has no end: was the file cut off?" : "";
      throw new ConfigError(`${file}, ${place} is no JSON: ${messageOf(cause)}.${torn}`, { cause });
    }
  });
}

function documentOf(file: string, text: string): Placed[] {
  let value: WrittenValue;
  try {
    value = parseJson(text);
  } catch (cause) {
    const hint = "One case a line is read from a file whose name ends in .jsonl.";
    throw new ConfigError(`${file} is no JSON: ${messageOf(cause)}. ${hint}`, { cause });
  }
  const list = isObject(value) ? value["cases"] : value;
  if (!Array.isArray(list))
    throw new ConfigError(`${file} is neither a list of cases nor an object with a list "cases".`);
  const tools = isObject(value) && value["tools"] !== undefined ? [{ tools: value["tools"] }] : [];
  const unknown = isObject(value)
    ? Object.keys(value).filter((key) => key !== "cases" && key !== "tools")
    : [];
  if (unknown.length > 0)
    throw new ConfigError(`${file} has ${unknown.join(", ")}; known are tools and cases.`);
  return [
    ...tools.map((item) => ({ place: "tools", value: item as WrittenValue })),
    ...list.map((item: WrittenValue, index) => ({ place: `case ${index + 1}`, value: item })),
  ];
}

function isToolsLine(value: WrittenValue): boolean {
  return isObject(value) && Object.keys(value).length === 1 && value["tools"] !== undefined;
}

function toolsOf(file: string, { place, value }: Placed): DeclaredTool[] {
  const parsed = z.object({ tools: z.array(toolSchema) }).safeParse(asNumbers(value));
  if (!parsed.success) throw new ConfigError(`${file}, ${place}:\n${z.prettifyError(parsed.error)}`);
  return parsed.data.tools;
}

/** Schemas go to models and through other hands, which know no bigint. */
const asNumbers = (value: WrittenValue): unknown => JSON.parse(jsonText(value));

function caseOf(file: string, { place, value }: Placed): ToolUseCase {
  const parsed = caseSchema.safeParse(value);
  if (parsed.success) return asCase(parsed.data);
  const id = isObject(value) && typeof value["test_id"] === "string" ? ` (${value["test_id"]})` : "";
  throw new ConfigError(`${file}, ${place}${id}:\n${z.prettifyError(parsed.error)}`);
}

function asCase(written: WrittenCase): ToolUseCase {
  const { checks, expected_calls: calls, expected_tool: tool, expected_params: params } = written;
  const { files, service, processes, answer } = checks;
  const hasState = files !== undefined || service !== undefined || processes !== undefined;
  return {
    id: written.test_id,
    prompt: written.prompt,
    category: written.category,
    difficulty: written.difficulty,
    expected: calls ?? (tool == null ? [] : [{ tool, params: params ?? {}, fails: false }]),
    inOrder: written.order === "given",
    allowed: written.allowed_tools,
    tolerance: written.tolerance,
    setup: {
      files: written.files,
      processes: written.processes,
      environment: written.environment,
      service: written.service ?? {},
    },
    faults: written.faults.map(({ tool: failing, calls: which, error }) => ({
      tool: failing,
      calls: which,
      content: error,
    })),
    state: hasState ? { files: files ?? {}, service: service ?? [], processes: processes ?? {} } : null,
    answer: answer ?? null,
  };
}

function refuseTwice(file: string, what: string, names: readonly string[]): void {
  const seen = new Set<string>();
  for (const name of names) {
    if (seen.has(name)) throw new ConfigError(`${file} has ${what} ${name} twice. Give each one of its own.`);
    seen.add(name);
  }
}
