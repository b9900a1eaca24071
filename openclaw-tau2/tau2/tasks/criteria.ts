import type { Requestor, Task } from "../contract/domain.ts";
import { PythonError } from "../python/error.ts";
import { parseJson } from "../python/json-parse.ts";
import type { PyDict, PyValue } from "../python/value.ts";

export interface GoldenAction {
  readonly requestor: Requestor;
  readonly name: string;
  readonly arguments: PyDict;
  /** Names to compare; null: those of the recorded call. */
  readonly compareArguments: readonly string[] | null;
  /** The action as tau2 dumps it. */
  readonly dump: PyDict;
}

export interface ExpectedAssertion {
  readonly envType: Requestor;
  readonly functionName: string;
  readonly arguments: PyDict;
  readonly assertValue: boolean;
  readonly dump: PyDict;
}

/** A task's `evaluation_criteria`; null lists are absent, which differs from empty ones. */
export interface Criteria {
  readonly actions: readonly GoldenAction[] | null;
  readonly environmentAssertions: readonly ExpectedAssertion[] | null;
  readonly communicateInfo: readonly string[];
  readonly nlAssertions: readonly string[];
  readonly rewardBasis: readonly string[];
}

const known = new WeakMap<Task, Criteria | null>();

/** The criteria of a task, or null when it has none. Throws ValidationError for a part of another form. */
export function criteriaOf(task: Task): Criteria | null {
  const cached = known.get(task);
  if (cached !== undefined) return cached;
  const fields = dictOf(parseJson(task.text), "task").get("evaluation_criteria") ?? null;
  const criteria = fields === null ? null : readCriteria(dictOf(fields, "evaluation_criteria"), task);
  known.set(task, criteria);
  return criteria;
}

function readCriteria(fields: PyDict, task: Task): Criteria {
  return {
    actions: optionalList(fields, "actions")?.map(actionOf) ?? null,
    environmentAssertions: optionalList(fields, "env_assertions")?.map(assertionOf) ?? null,
    communicateInfo: optionalTexts(fields, "communicate_info") ?? [],
    nlAssertions: task.nlAssertions,
    rewardBasis: task.rewardBasis,
  };
}

function actionOf(value: PyValue): GoldenAction {
  const fields = dictOf(value, "actions");
  const requestor = requestorOf(fields.get("requestor") ?? "assistant", "requestor");
  const name = textOf(fields, "name");
  const args = dictOf(fields.get("arguments") ?? null, "arguments");
  const compareArguments = optionalTexts(fields, "compare_args");
  return {
    requestor,
    name,
    arguments: args,
    compareArguments,
    dump: new Map<string, PyValue>([
      ["action_id", textOf(fields, "action_id")],
      ["requestor", requestor],
      ["name", name],
      ["arguments", args],
      ["info", fields.get("info") ?? null],
      ["compare_args", compareArguments === null ? null : [...compareArguments]],
    ]),
  };
}

function assertionOf(value: PyValue): ExpectedAssertion {
  const fields = dictOf(value, "env_assertions");
  const envType = requestorOf(fields.get("env_type") ?? null, "env_type");
  const functionName = textOf(fields, "func_name");
  const args = dictOf(fields.get("arguments") ?? null, "arguments");
  const assertValue = fields.get("assert_value") ?? true;
  if (typeof assertValue !== "boolean") throw malformed("assert_value", "true or false");
  return {
    envType,
    functionName,
    arguments: args,
    assertValue,
    dump: new Map<string, PyValue>([
      ["env_type", envType],
      ["func_name", functionName],
      ["arguments", args],
      ["assert_value", assertValue],
      ["message", fields.get("message") ?? null],
    ]),
  };
}

function optionalList(fields: PyDict, name: string): readonly PyValue[] | null {
  const value = fields.get(name) ?? null;
  if (value === null || Array.isArray(value)) return value;
  throw malformed(name, "a list");
}

function optionalTexts(fields: PyDict, name: string): string[] | null {
  const list = optionalList(fields, name);
  if (list === null) return null;
  return list.map((item) => {
    if (typeof item !== "string") throw malformed(name, "a list of texts");
    return item;
  });
}

function requestorOf(value: PyValue, name: string): Requestor {
  if (value === "user" || value === "assistant") return value;
  throw malformed(name, "user or assistant");
}

function textOf(fields: PyDict, name: string): string {
  const value = fields.get(name);
  if (typeof value === "string") return value;
  throw malformed(name, "a text");
}

function dictOf(value: PyValue, name: string): PyDict {
  if (value instanceof Map) return value;
  throw malformed(name, "an object");
}

function malformed(name: string, expected: string): PythonError {
  return new PythonError("ValidationError", `evaluation_criteria: ${name} should be ${expected}`);
}
