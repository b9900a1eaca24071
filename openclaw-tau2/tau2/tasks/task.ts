import { readFileSync } from "node:fs";
import { ConfigError, messageOf } from "../../../bench/errors.ts";
import type { Requestor, Task, Tau2Message, Tau2ToolCall } from "../contract/domain.ts";
import { dumpJson } from "../python/json-dump.ts";
import { parseJson } from "../python/json-parse.ts";
import type { PyDict, PyValue } from "../python/value.ts";

/** tau2's default when a task has criteria without a basis. */
const DEFAULT_BASIS = ["DB", "COMMUNICATE"];
const REWARD_TYPES = new Set(["DB", "ENV_ASSERTION", "ACTION", "NL_ASSERTION", "COMMUNICATE"]);

/** Reads a tasks.json. `offersUserTools`: whether the domain has user tools. Throws ConfigError with path and task. */
export function readTasks(path: string, offersUserTools: boolean): Task[] {
  let tasks: PyValue;
  try {
    tasks = parseJson(readFileSync(path, "utf8"));
  } catch (error) {
    throw new ConfigError(`Cannot read the tasks ${path}: ${messageOf(error)}. Fetch the file again.`, {
      cause: error,
    });
  }
  if (!Array.isArray(tasks)) throw new ConfigError(`${path} is no list of tasks. Fetch the file again.`);
  return tasks.map((task, index) => {
    try {
      return taskOf(task, offersUserTools);
    } catch (error) {
      throw new ConfigError(`${path}, task ${index}: ${messageOf(error)}`, { cause: error });
    }
  });
}

/** A task from its JSON text. Throws ConfigError when a part has the wrong form. */
export function parseTask(text: string, offersUserTools: boolean): Task {
  return taskOf(parseJson(text), offersUserTools);
}

function taskOf(value: PyValue, offersUserTools: boolean): Task {
  const fields = dictOf(value, "task");
  const state = fields.get("initial_state") ?? null;
  const criteria = fields.get("evaluation_criteria") ?? null;
  const basis =
    criteria === null ? null : (dictOf(criteria, "evaluation_criteria").get("reward_basis") ?? null);
  const assertions = criteria === null ? null : dictOf(criteria, "evaluation_criteria").get("nl_assertions");
  const userTools = fields.get("user_tools") ?? null;
  return {
    id: textOf(fields.get("id"), "id"),
    text: dumpJson(value),
    initialStateText: state === null ? null : dumpJson(state),
    messageHistory: state === null ? [] : messagesOf(dictOf(state, "initial_state").get("message_history")),
    rewardBasis: criteria !== null && basis === null ? DEFAULT_BASIS : rewardBasisOf(basis),
    nlAssertions: textsOf(assertions, "nl_assertions"),
    hasUserTools: offersUserTools && !(Array.isArray(userTools) && userTools.length === 0),
  };
}

function rewardBasisOf(value: PyValue): string[] {
  const basis = textsOf(value, "reward_basis");
  if (basis.some((type) => !REWARD_TYPES.has(type))) {
    throw malformed("reward_basis", `a list of ${[...REWARD_TYPES].join(", ")}`);
  }
  return basis;
}

/** Messages in tau2's JSON form. Throws ConfigError for other forms. */
export function messagesOf(value: PyValue | undefined): Tau2Message[] {
  return listOf(value, "messages").map(messageOfValue);
}

function messageOfValue(value: PyValue): Tau2Message {
  const fields = dictOf(value, "message");
  const role = fields.get("role");
  const content = fields.get("content") ?? null;
  if (content !== null && typeof content !== "string") throw malformed("content", "a text or null");
  if (role === "assistant" || role === "user") {
    const calls = fields.get("tool_calls") ?? null;
    return { role, content, toolCalls: calls === null ? null : listOf(calls, "tool_calls").map(callOf) };
  }
  if (role !== "tool") throw malformed("role", "assistant, user or tool");
  return {
    role,
    content,
    id: textOf(fields.get("id"), "id"),
    requestor: requestorOf(fields.get("requestor")),
    error: fields.get("error") === true,
  };
}

function callOf(value: PyValue): Tau2ToolCall {
  const fields = dictOf(value, "tool call");
  return {
    id: textOf(fields.get("id") ?? "", "id"),
    name: textOf(fields.get("name"), "name"),
    argumentsText: dumpJson(dictOf(fields.get("arguments") ?? null, "arguments")),
    requestor: requestorOf(fields.get("requestor")),
  };
}

function requestorOf(value: PyValue | undefined): Requestor {
  if (value === undefined || value === "assistant") return "assistant";
  if (value === "user") return value;
  throw malformed("requestor", "user or assistant");
}

function textsOf(value: PyValue | undefined, name: string): string[] {
  return listOf(value, name).map((item) => textOf(item, name));
}

function listOf(value: PyValue | undefined, name: string): readonly PyValue[] {
  if (value === undefined || value === null) return [];
  if (Array.isArray(value)) return value;
  throw malformed(name, "a list");
}

function textOf(value: PyValue | undefined, name: string): string {
  if (typeof value === "string") return value;
  throw malformed(name, "a text");
}

function dictOf(value: PyValue, name: string): PyDict {
  if (value instanceof Map) return value;
  throw malformed(name, "an object");
}

function malformed(name: string, expected: string): ConfigError {
  return new ConfigError(`${name} should be ${expected}`);
}
