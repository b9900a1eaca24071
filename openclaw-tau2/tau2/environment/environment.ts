import { messageOf } from "../../../bench/errors.ts";
import type { Database } from "../database/database.ts";
import type {
  Environment,
  EnvironmentAssertion,
  EnvironmentCall,
  EnvironmentReply,
  InitialState,
  Requestor,
} from "../contract/domain.ts";
import type { DomainDefinition } from "../contract/domain-definition.ts";
import { updateDatabase } from "../database/database-update.ts";
import { initialStateOf } from "./initial-state.ts";
import { bindArguments } from "../python/call.ts";
import { attributeError, PythonError, typeError, valueError } from "../python/error.ts";
import { parseJson } from "../python/json-parse.ts";
import { typeName } from "../python/repr.ts";
import type { Versions } from "../python/validation.ts";
import type { PyDict, PyValue } from "../python/value.ts";
import { replay } from "./replay.ts";
import { resultText } from "./result-text.ts";
import type { ToolTable } from "./tool-table.ts";
import type { AnyToolkitDefinition, Method, Services, Toolkit } from "../contract/toolkit.ts";

/** One side of an environment: the agent's or the user's tools over their database. */
export interface Side {
  readonly definition: AnyToolkitDefinition;
  readonly database: Database;
  /** The methods that the schemas name as tools. */
  readonly tools: ToolTable;
}

interface LiveSide extends Side {
  readonly kit: Toolkit;
}

export interface EnvironmentParts {
  readonly domain: DomainDefinition;
  readonly agent: Side;
  readonly user: Side | null;
  readonly solo: boolean;
  readonly versions: Versions;
  readonly nextHex8: () => string;
}

/** tau2's `Environment`: the databases of one episode and the tools over them. */
export class DomainEnvironment implements Environment {
  readonly #domain: DomainDefinition;
  readonly #agent: LiveSide;
  readonly #user: LiveSide | null;
  readonly #solo: boolean;
  readonly #versions: Versions;

  constructor(parts: EnvironmentParts) {
    const services = { versions: parts.versions, nextHex8: parts.nextHex8 };
    this.#domain = parts.domain;
    this.#agent = startSide(parts.agent, services);
    this.#user = parts.user === null ? null : startSide(parts.user, services);
    this.#solo = parts.solo;
    this.#versions = parts.versions;
    this.syncTools();
  }

  call(call: EnvironmentCall): EnvironmentReply {
    try {
      const result = this.invoke(call);
      this.syncTools();
      return { content: resultText(result), error: false };
    } catch (error) {
      return { content: `Error: ${pythonText(error)}`, error: true };
    }
  }

  invoke(call: EnvironmentCall): PyValue {
    const args = parseArguments(call.argumentsText, this.#versions);
    checkEnvironmentKeywords(args);
    const side = this.#sideFor(call);
    const method = side.tools.get(call.name)?.method;
    if (method === undefined) throw valueError(`Tool '${call.name}' not found.`);
    return this.#run(side, { name: call.name, method, args });
  }

  syncTools(): void {
    if (this.#domain.sync !== undefined && this.#user !== null)
      this.#domain.sync(this.#agent.kit, this.#user.kit);
  }

  setState(state: InitialState): void {
    if (this.#solo && state.history.some((message) => message.role === "user")) {
      throw new PythonError("AssertionError", "User messages are not allowed in solo mode");
    }
    const { agentData, userData, actions } = initialStateOf(state.initialStateText);
    if (agentData !== null) {
      this.#agent.kit.db = updateDatabase(this.#agent.kit.db, agentData, this.#versions);
      if (this.#user !== null) this.#user.kit.db = this.#agent.kit.db;
    }
    if (userData !== null) {
      const user = this.#liveSide("user");
      user.kit.db = updateDatabase(user.kit.db, userData, this.#versions);
      this.#agent.kit.db = user.kit.db;
    }
    for (const action of actions) {
      this.#runFunction(action.envType, action.name, action.arguments);
    }
    replay(this, state.history, state.strict);
    this.syncTools();
  }

  runAssertion(assertion: EnvironmentAssertion): boolean {
    const args = parseArguments(assertion.argumentsText, this.#versions);
    const result = this.#checkAssertion(assertion.envType, assertion.functionName, args);
    return result === assertion.assertValue;
  }

  agentHash(): string {
    return this.#agent.database.hash(this.#agent.kit.db);
  }

  userHash(): string | null {
    return this.#user === null ? null : this.#user.database.hash(this.#user.kit.db);
  }

  /** tau2 asks the agent's tools first and does not look at the requestor. */
  mutates(name: string, _requestor?: Requestor): boolean | null {
    const tool = this.#agent.tools.get(name) ?? this.#user?.tools.get(name);
    return tool?.mutatesState ?? null;
  }

  #sideFor({ name, requestor }: EnvironmentCall): LiveSide {
    if (requestor === "user") {
      if (this.#solo) throw valueError("User tool calls are not allowed in solo mode");
      if (this.#user === null) throw valueError("User tools not available");
      return this.#user;
    }
    return this.#solo && this.#user?.tools.has(name) === true ? this.#user : this.#agent;
  }

  #checkAssertion(envType: Requestor, name: string, args: PyDict): boolean {
    const result = this.#runFunction(envType, name, args);
    if (typeof result !== "boolean") {
      throw valueError(`Function ${name} returned <class '${typeName(result)}'> instead of bool`);
    }
    return result;
  }

  /** Any function of a toolkit by its name, tool or not, followed by a sync. */
  #runFunction(envType: Requestor, name: string, args: PyDict): PyValue {
    const side = this.#liveSide(envType);
    const { methods, className } = side.definition;
    const method = Object.hasOwn(methods, name) ? methods[name] : undefined;
    if (method === undefined) throw attributeError(className, name);
    const result = this.#run(side, { name, method, args });
    this.syncTools();
    return result;
  }

  #liveSide(envType: Requestor): LiveSide {
    const side = envType === "user" ? this.#user : this.#agent;
    if (side === null)
      throw new PythonError("AttributeError", "'NoneType' object has no attribute 'update_db'");
    return side;
  }

  #run(side: LiveSide, call: { name: string; method: Method<Toolkit>; args: PyDict }): PyValue {
    const qualifiedName = `${side.definition.className}.${call.name}`;
    const callee = { qualifiedName, signature: call.method.signature };
    return call.method.run(side.kit, bindArguments(callee, call.args, this.#versions));
  }
}

function startSide(side: Side, services: Services): LiveSide {
  return { ...side, kit: side.definition.create(side.database.instantiate(), services) };
}

/** The arguments of a call. Text that is no JSON object is answered as tau2's own parser and ToolCall model would. */
function parseArguments(text: string, versions: Versions): PyDict {
  const value = parseJson(text);
  if (value instanceof Map) return value;
  const url = `https://errors.pydantic.dev/${versions.pydantic}/v/dict_type`;
  throw new PythonError(
    "ValidationError",
    "1 validation error for ToolCall\narguments\n  Input should be a valid dictionary " +
      `[type=dict_type, input_value=…, input_type=${typeName(value)}]\n    For further information visit ${url}`,
  );
}

/** Argument names that collide with parameters of tau2's own `make_tool_call`. */
function checkEnvironmentKeywords(args: PyDict): void {
  if (args.has("requestor")) {
    throw typeError(
      "tau2.environment.environment.Environment.make_tool_call() got multiple values for keyword argument 'requestor'",
    );
  }
  for (const key of args.keys()) {
    if (key === "self" || key === "tool_name") {
      throw typeError(`Environment.make_tool_call() got multiple values for argument '${key}'`);
    }
  }
}

/**
 * `str(exception)`. A stack that JavaScript cannot hold would have been too deep for Python as well; a text that it cannot
 * hold would have been a MemoryError, whose text is empty.
 */
function pythonText(error: unknown): string {
  if (error instanceof PythonError) return error.message;
  if (error instanceof RangeError) {
    return error.message.includes("call stack") ? "maximum recursion depth exceeded" : "";
  }
  throw error instanceof Error ? error : new Error(messageOf(error));
}
