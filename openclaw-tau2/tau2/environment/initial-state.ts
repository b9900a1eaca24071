import type { Requestor } from "../contract/domain.ts";
import { PythonError } from "../python/error.ts";
import { parseJson } from "../python/json-parse.ts";
import type { PyDict, PyValue } from "../python/value.ts";

export interface InitializationAction {
  readonly envType: Requestor;
  readonly name: string;
  readonly arguments: PyDict;
}

export interface InitialDatabaseState {
  readonly agentData: PyDict | null;
  readonly userData: PyDict | null;
  readonly actions: readonly InitializationAction[];
}

const NOTHING: InitialDatabaseState = { agentData: null, userData: null, actions: [] };

/** The parts of a task's `initial_state` that change databases. Throws ValidationError when it has another form. */
export function initialStateOf(text: string | null): InitialDatabaseState {
  const state = text === null ? null : parseJson(text);
  if (state === null) return NOTHING;
  const fields = dictOf(state, "initial_state");
  const data = fields.get("initialization_data") ?? null;
  const actions = fields.get("initialization_actions") ?? null;
  if (actions !== null && !Array.isArray(actions)) throw malformed("initialization_actions", "a list");
  return {
    agentData: data === null ? null : optionalDict(dictOf(data, "initialization_data"), "agent_data"),
    userData: data === null ? null : optionalDict(dictOf(data, "initialization_data"), "user_data"),
    actions: (actions ?? []).map(actionOf),
  };
}

function actionOf(value: PyValue): InitializationAction {
  const fields = dictOf(value, "initialization_actions");
  const envType = fields.get("env_type");
  const name = fields.get("func_name");
  if (envType !== "user" && envType !== "assistant") throw malformed("env_type", "user or assistant");
  if (typeof name !== "string") throw malformed("func_name", "a text");
  return { envType, name, arguments: dictOf(fields.get("arguments") ?? null, "arguments") };
}

function optionalDict(fields: PyDict, name: string): PyDict | null {
  const value = fields.get(name) ?? null;
  return value === null ? null : dictOf(value, name);
}

function dictOf(value: PyValue, name: string): PyDict {
  if (value instanceof Map) return value;
  throw malformed(name, "an object");
}

function malformed(field: string, expected: string): PythonError {
  return new PythonError("ValidationError", `initial_state: ${field} should be ${expected}`);
}
