import { z } from "zod";
import { isObject } from "../contract/parse-json.ts";
import type { WrittenRecord, WrittenValue } from "../contract/case.ts";
import { matcherOf, plainPath } from "../scoring/compare.ts";

/**
 * A case as it is written in a file: the six fields of the plan (`test_id, prompt, expected_tool, expected_params,
 * difficulty, category`), and, all optional, what is there beforehand, what goes wrong, and what holds at the end.
 */
const word = z.string().min(1);
const value = z.custom<WrittenValue>((given) => given !== undefined).superRefine(checkMatchers);
const object = z
  .custom<WrittenRecord>((given) => isObject(given as WrittenValue), "write an object")
  .superRefine(checkMatchers);
const words = z.union([word.transform((one) => [one]), z.array(word).min(1)]);
const nonNegative = z.number().min(0);
const list = z.enum(["products", "orders"]);
const nameForm = /^[A-Za-z0-9][A-Za-z0-9_-]{0,63}$/;
const name = z.string().regex(nameForm, "write letters, digits, - and _");
const isPath = (text: string) =>
  text !== "" &&
  !text.startsWith("/") &&
  !text.startsWith("..") &&
  !text.includes("\0") &&
  plainPath(text) === text;

/** A mapping whose keys are of a form; zod's own message names neither the form nor what to do. */
function keyed<Value extends z.ZodType>(one: Value, fits: (key: string) => boolean, advice: string) {
  return z.record(z.string(), one).superRefine((given, context) => {
    for (const key of Object.keys(given))
      if (!fits(key)) context.addIssue({ code: "custom", path: [key], message: advice });
  });
}

const byPath = <Value extends z.ZodType>(one: Value) =>
  keyed(one, isPath, "write a path below the working folder, e.g. notes/today.txt");

const call = z.strictObject({ tool: word, params: object.default({}), fails: z.boolean().default(false) });

export const caseSchema = z
  .strictObject({
    test_id: z.union([word, z.int()]).transform(String),
    prompt: z.string().refine((text) => text.trim() !== "", "an empty prompt asks for nothing"),
    expected_tool: z.union([word, z.null()]).optional(),
    expected_params: object.nullish(),
    expected_calls: z.array(call).min(1).max(50).optional(),
    difficulty: z.union([word, z.number()]).transform(String).default("unrated"),
    category: word.default("uncategorized"),
    order: z.enum(["given", "any"]).default("given"),
    allowed_tools: z.array(word).default([]),
    tolerance: z
      .strictObject({ absolute: nonNegative.default(0), relative: nonNegative.max(1).default(0) })
      .prefault({}),
    files: byPath(z.string()).default({}),
    processes: z.array(name).default([]),
    environment: keyed(
      z.string(),
      (key) => /^[A-Za-z_][A-Za-z0-9_]*$/.test(key),
      "a variable has letters, digits and _",
    ).default({}),
    service: z.partialRecord(list, z.array(object)).optional(),
    faults: z
      .array(
        z.strictObject({
          tool: word,
          calls: z
            .union([z.literal("all").transform(() => null), z.array(z.int().min(1)).min(1)])
            .prefault([1]),
          error: word,
        }),
      )
      .default([]),
    checks: z
      .strictObject({
        files: byPath(z.union([z.null(), value])).optional(),
        service: z
          .array(z.strictObject({ list, where: object.default({}), count: z.int().min(0).default(1) }))
          .optional(),
        processes: keyed(
          z.boolean(),
          (key) => nameForm.test(key),
          "write letters, digits, - and _",
        ).optional(),
        answer: z
          .strictObject({
            contains: z.array(words).default([]),
            lacks: z.array(word).default([]),
            numbers: z.array(z.number()).default([]),
          })
          .optional(),
      })
      .prefault({}),
    notes: z.unknown().optional(),
  })
  .superRefine(({ expected_tool: tool, expected_params: params, expected_calls: calls }, context) => {
    if (calls !== undefined && (tool !== undefined || (params ?? null) !== null))
      context.addIssue("has both expected_calls and expected_tool: write one of them");
    if (calls === undefined && tool === undefined)
      context.addIssue("names no expected_tool; where no tool is to be called write null");
    if (tool === null && (params ?? null) !== null && Object.keys(params ?? {}).length > 0)
      context.addIssue("expects parameters, and no tool that they are for");
  })
  .superRefine(({ files, processes, checks }, context) => {
    const paths = Object.keys(files);
    const folder = paths.find((one) => paths.some((other) => other.startsWith(`${one}/`)));
    if (folder !== undefined) context.addIssue(`files: ${folder} is a file, and another one lies in it`);
    const unknown = Object.keys(checks.processes ?? {}).find((one) => !processes.includes(one));
    if (unknown !== undefined)
      context.addIssue(`checks.processes names ${unknown}, which processes does not start`);
  });

export const toolSchema = z.strictObject({
  name: z.string().regex(/^[A-Za-z0-9_-]{1,64}$/, "1 to 64 letters, digits, _ and -"),
  description: z.string().default(""),
  parameters: z.record(z.string(), z.unknown()).default({ type: "object", properties: {} }),
  run: word,
});

export type WrittenCase = z.infer<typeof caseSchema>;

/** Every matcher in a value can be used; else the case would only fail when it is scored. */
function checkMatchers(given: unknown, context: z.core.$RefinementCtx): void {
  try {
    walk(given as WrittenValue);
  } catch (thrown) {
    context.addIssue({ code: "custom", message: thrown instanceof Error ? thrown.message : String(thrown) });
  }
}

function walk(given: WrittenValue): void {
  if (isObject(given) && Object.keys(given)[0] === "$is") return;
  matcherOf(given);
  if (Array.isArray(given)) for (const item of given) walk(item as WrittenValue);
  else if (isObject(given)) for (const item of Object.values(given)) walk(item);
}
