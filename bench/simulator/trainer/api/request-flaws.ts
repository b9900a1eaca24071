import type { z } from "zod";

interface Flaw {
  readonly type: string;
  readonly msg: string;
  readonly ctx?: object;
}

/** What is wrong with a request, as pydantic says it. */
export function flawOf(issue: z.core.$ZodIssue, body: unknown): Readonly<Record<string, unknown>> {
  const input = at(body, issue.path);
  const isMissing = input === undefined;
  const { type, msg, ctx } = isMissing ? missing : kindOf(issue, input);
  return {
    type,
    loc: ["body", ...issue.path],
    msg,
    input: isMissing ? at(body, issue.path.slice(0, -1)) : input,
    ...(ctx === undefined ? {} : { ctx }),
  };
}

const missing: Flaw = { type: "missing", msg: "Field required" };

function kindOf(issue: z.core.$ZodIssue, input: unknown): Flaw {
  const other = { type: "value_error", msg: issue.message };
  if (issue.code === "too_small") {
    const min_length = issue.minimum;
    if (!Array.isArray(input))
      return {
        type: "string_too_short",
        msg: `String should have at least ${min_length} character`,
        ctx: { min_length },
      };
    return {
      type: "too_short",
      msg: `List should have at least ${min_length} item after validation, not ${input.length}`,
      ctx: { field_type: "List", min_length, actual_length: input.length },
    };
  }
  if (issue.code === "custom") return { ...other, ...issue.params };
  if (issue.code !== "invalid_type") return other;
  return issue.path.at(-1) === "training" ? dataclass : (types[issue.expected] ?? other);
}

const types: Readonly<Record<string, Flaw>> = {
  string: { type: "string_type", msg: "Input should be a valid string" },
  array: { type: "list_type", msg: "Input should be a valid list" },
  object: {
    type: "model_attributes_type",
    msg: "Input should be a valid dictionary or object to extract fields from",
  },
};
const dataclass: Flaw = {
  type: "dataclass_type",
  msg: "Input should be a dictionary or an instance of TrainingConfig",
  ctx: { class_name: "TrainingConfig" },
};

function at(body: unknown, path: readonly PropertyKey[]): unknown {
  return path.reduce<unknown>(
    (value, key) => (value === null || typeof value !== "object" ? undefined : Reflect.get(value, key)),
    body,
  );
}
