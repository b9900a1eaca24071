import type { LoadedDomain, Tau2Message } from "../contract/domain.ts";
import { equal } from "../python/compare.ts";
import { parseJson } from "../python/json-parse.ts";
import { float } from "../python/value.ts";
import type { PyDict, PyValue } from "../python/value.ts";
import type { Criteria, GoldenAction } from "../tasks/criteria.ts";
import { note } from "./environment-check.ts";
import type { Component } from "./environment-check.ts";

export interface ActionCheck extends Component {
  readonly checks: PyValue;
}

interface RecordedCall {
  readonly name: string;
  readonly arguments: PyDict;
}

/** tau2's action evaluator: each golden action needs some recorded call that matches, by whomever and whenever. */
export function checkActions(
  domain: LoadedDomain,
  messages: readonly Tau2Message[],
  criteria: Criteria,
): ActionCheck {
  const golden = criteria.actions ?? [];
  if (golden.length === 0) {
    const info = note("No actions to evaluate");
    return { reward: 1, breakdown: [["ACTION", 1]], info, checks: null };
  }
  const calls = recordedCalls(messages);
  let reward = 1;
  const checks = golden.map((action): PyDict => {
    const match = calls.some((call) => matches(action, call));
    if (!match) reward = 0;
    return new Map<string, PyValue>([
      ["action", action.dump],
      ["action_match", match],
      ["action_reward", float(match ? 1 : 0)],
      ["tool_type", domain.toolType(action.name)],
    ]);
  });
  return { reward, breakdown: [["ACTION", reward]], info: null, checks };
}

function recordedCalls(messages: readonly Tau2Message[]): RecordedCall[] {
  return messages
    .flatMap((message) => (message.role === "tool" ? [] : (message.toolCalls ?? [])))
    .map(({ name, argumentsText }) => {
      const args = parseJson(argumentsText);
      return { name, arguments: args instanceof Map ? args : new Map<string, PyValue>() };
    });
}

function matches(action: GoldenAction, call: RecordedCall): boolean {
  if (action.name !== call.name) return false;
  const compared = new Set(action.compareArguments ?? call.arguments.keys());
  return equal(only(call.arguments, compared), only(action.arguments, compared));
}

function only(args: PyDict, names: ReadonlySet<string>): PyDict {
  return new Map([...args].filter(([name]) => names.has(name)));
}
