import type { Tau2Message } from "../contract/domain.ts";
import type { PyDict, PyValue } from "../python/value.ts";
import type { Criteria } from "../tasks/criteria.ts";
import { note } from "./environment-check.ts";
import type { Component } from "./environment-check.ts";

export interface CommunicateCheck extends Component {
  readonly checks: PyValue;
}

/** What Python's `str.strip` removes. */
// oxlint-disable-next-line no-control-regex
const BLANK = /^[\t-\r\u001c-\u0020\u0085\u00a0\u1680\u2000-\u200a\u2028\u2029\u202f\u205f\u3000]*$/;

/**
 * tau2's communicate evaluator: each text must be in some assistant message, both in lower case, the message without
 * commas. Text beside tool calls counts.
 */
export function checkCommunication(messages: readonly Tau2Message[], criteria: Criteria): CommunicateCheck {
  if (criteria.communicateInfo.length === 0) {
    const info = note("No communicate_info to evaluate");
    return { reward: 1, breakdown: [["COMMUNICATE", 1]], info, checks: null };
  }
  const said = messages.flatMap((message) =>
    message.role === "assistant" && message.content !== null && !BLANK.test(message.content)
      ? [{ content: message.content, searched: message.content.toLowerCase().replaceAll(",", "") }]
      : [],
  );
  let reward = 1;
  const checks = criteria.communicateInfo.map((wanted): PyDict => {
    const message = said.find(({ searched }) => searched.includes(wanted.toLowerCase()));
    if (message === undefined) reward = 0;
    return new Map<string, PyValue>([
      ["info", wanted],
      ["met", message !== undefined],
      [
        "justification",
        message === undefined
          ? `Information '${wanted}' not communicated.`
          : `Information '${wanted}' communicated in the message:\n '${message.content}'`,
      ],
    ]);
  });
  return { reward, breakdown: [["COMMUNICATE", reward]], info: null, checks };
}
