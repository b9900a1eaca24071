import { z } from "zod";
import { closestWord } from "./closest-word.ts";
import { alternatives } from "./path-setting.ts";
import { fileKeys } from "./written-file.ts";

export interface IssueContext {
  readonly schema: z.ZodType;
  /** Where something was written, e.g. `line 5`; null where nobody wrote it. */
  readonly placeOf: (path: readonly string[]) => string | null;
}

/** One line: path, where it was written, what is wrong, and a suggestion for an unknown key. */
export function describeIssue(issue: z.core.$ZodIssue, context: IssueContext): string[] {
  const path = issue.path.map(String);
  if (issue.code === "unrecognized_keys") {
    return issue.keys.map((key) => {
      const known = keysAt(path, context.schema);
      // The keys are those of all kinds: this one belongs to another.
      if (known.includes(key))
        return `${place([...path, key], context)}: unknown key here: only another kind has it.`;
      const near = closestWord(key, path.length === 0 ? [...known, ...fileKeys] : known);
      const hint = near ? ` Did you mean ${near}?` : "";
      return `${place([...path, key], context)}: unknown key.${hint}`;
    });
  }
  if (issue.code === "invalid_type" && issue.message.endsWith("received undefined"))
    return [`${place(path, context)}: is missing${adviceOn[path.join(".")] ?? ""}`];
  if (issue.code === "invalid_type" && issue.expected === "array")
    return [`${place(path, context)}: ${issue.message}. Write a list: [one, two]`];
  // zod says only that a key is invalid; why is in the issues of the key's own schema.
  const messages =
    issue.code === "invalid_key" ? issue.issues.map(({ message }) => message) : [issue.message];
  return messages.map((message) => `${place(path, context)}: ${message}`);
}

/** What to write where a key is missing that many have no use for. */
const adviceOn: Readonly<Record<string, string>> = {
  "stack.user":
    ". It is the server of the user whom tau2 plays. Where a workload has no user it is asked for nothing: write the agent's address again (attach), or {kind: simulator} (process)",
};

function place(path: readonly string[], { placeOf }: IssueContext): string {
  const where = placeOf(path);
  return `${path.join(".") || "the file"}${where === null ? "" : ` (${where})`}`;
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
