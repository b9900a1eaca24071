import type { Document, LineCounter } from "yaml";
import { z } from "zod";
import { closestWord } from "./closest-word.ts";
import { alternatives } from "./path-setting.ts";

export interface IssueContext {
  readonly document: Document;
  readonly lines: LineCounter;
  readonly schema: z.ZodType;
}

/** One line: path, line of the file, what is wrong, and a suggestion for an unknown key. */
export function describeIssue(issue: z.core.$ZodIssue, context: IssueContext): string[] {
  const path = issue.path.map(String);
  if (issue.code === "unrecognized_keys") {
    return issue.keys.map((key) => {
      const near = closestWord(key, keysAt(path, context.schema));
      const hint = near ? ` Did you mean ${near}?` : "";
      return `${place([...path, key], context)}: unknown key.${hint}`;
    });
  }
  // zod says only that a key is invalid; why is in the issues of the key's own schema.
  const messages =
    issue.code === "invalid_key" ? issue.issues.map(({ message }) => message) : [issue.message];
  return messages.map((message) => `${place(path, context)}: ${message}`);
}

function place(path: readonly string[], { document, lines }: IssueContext): string {
  // What has a default may not be in the file; then the line is that of what is around it.
  const known = path.map((_, index) => path.slice(0, path.length - index));
  const range = known.map((at) => rangeOf(document.getIn(at, true))).find((found) => found !== undefined);
  const line = range ? ` (line ${lines.linePos(range[0]).line})` : "";
  return `${path.join(".") || "the file"}${line}`;
}

function rangeOf(node: unknown): readonly [number, number, number] | undefined {
  return (node as { range?: [number, number, number] } | undefined)?.range;
}

/** Keys that the schema knows at a path, over all alternatives of a union. */
function keysAt(path: readonly string[], schema: z.ZodType): string[] {
  let schemas: z.core.JSONSchema.BaseSchema[] = [z.toJSONSchema(schema, { io: "input" })];
  for (const part of path)
    schemas = schemas.flatMap((schema) => alternatives(schema)).flatMap((schema) => child(schema, part));
  return schemas
    .flatMap((schema) => alternatives(schema))
    .flatMap((schema) => Object.keys(schema.properties ?? {}));
}

function child(schema: z.core.JSONSchema.BaseSchema, part: string): z.core.JSONSchema.BaseSchema[] {
  const found = /^\d+$/.test(part) ? schema.items : schema.properties?.[part];
  return found !== undefined && typeof found === "object" && !Array.isArray(found) ? [found] : [];
}
