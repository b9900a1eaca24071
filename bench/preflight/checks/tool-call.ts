import type { RunningArm } from "../../stack/stack.ts";
import type { Finding } from "../../store/preflight-record.ts";
import type { Answer } from "../../answer/answer.ts";
import { failed, nameOf, notChecked, ok, warning, type Check, type PreflightContext } from "../check.ts";
import type { Question } from "../prober.ts";

const name = "report_status";
const tool = {
  type: "function",
  function: {
    name,
    description: "Reports that the system works.",
    parameters: {
      type: "object",
      properties: { status: { type: "string", description: "Always ready" } },
      required: ["status"],
    },
  },
};
const asked = `Call the tool ${name} with status "ready" now, and say nothing else. [call ${name} {"status": "ready"}]`;

/** `auto` first: only then does the answer pass the parser of the model's own format; a forced call may bypass it. */
export const toolCallCheck: Check = {
  name: "tool-call",
  proves: "a tool call of the model arrives as tool_calls, in every arm",
  async run(context) {
    const findings: Finding[] = [];
    for (const arm of context.stack.arms) findings.push(await callThrough(arm, context));
    return { findings };
  },
};

async function callThrough(arm: RunningArm, context: PreflightContext): Promise<Finding> {
  const on = nameOf(arm);
  const reason = context.unusable.get(arm);
  if (reason !== undefined) return notChecked(on, reason);
  const question: Question = {
    messages: [
      { role: "system", content: "You use tools whenever you are asked to." },
      { role: "user", content: asked },
    ],
    tools: [tool],
    maxTokens: 256,
    stream: true,
  };
  const free = await context.prober.askArm(arm, question);
  if (free.chat === null)
    return failed(
      on,
      `a request with a tool gave ${free.problem}`,
      "See the log of the server that said so.",
    );
  const parsed = parsedCall(on, free.chat);
  if (parsed !== null) return parsed;
  const forced = await context.prober.askArm(arm, {
    ...question,
    toolChoice: { type: "function", function: { name } },
  });
  const second = forced.chat === null ? null : parsedCall(on, forced.chat);
  if (second?.status === "ok") {
    return warning(
      on,
      `the model called the tool only when it was forced to; asked in words it said ${quoted(free.chat.text)}`,
      "Use a model that calls tools, and the --tool-call-parser and chat template that belong to it.",
    );
  }
  if (second !== null) return second;
  return failed(
    on,
    `neither asked in words nor forced did the model call a tool; it said ${quoted(forced.chat?.text ?? forced.problem ?? "")}`,
    "Start the engine with the --tool-call-parser of its model (qwen25, llama3, mistral, …) and a model that can call tools.",
  );
}

/** How models write a call that nobody parsed. */
const rawCall = /<tool_call>|<function[=_]|<\|python_tag\|>|\[TOOL_CALLS\]|<｜tool▁call/;

/** null when the answer is neither a call nor the raw text of one. */
function parsedCall(on: string, { text, calls, finish }: Answer): Finding | null {
  const [call] = calls;
  if (call === undefined) {
    if (!rawCall.test(text)) return null;
    return failed(
      on,
      `the call came as raw text, ${quoted(text)} with finish_reason ${finish ?? "none"}: nothing parses tool calls, so every agent would fail silently`,
      "Start the engine with --tool-call-parser and the parser of its model (Qwen: qwen25; Llama 3: llama3; vLLM also needs --enable-auto-tool-choice).",
    );
  }
  if (call.name === name && isObject(call.argumentsText)) {
    const odd = finish === "tool_calls" ? "" : `, with finish_reason ${finish ?? "none"}`;
    return ok(on, `${name} was called with ${call.argumentsText}${odd}`);
  }
  return failed(
    on,
    `tool_calls names ${call.name} with the arguments ${quoted(call.argumentsText)}, which is not the call that was asked for`,
    "Use the --tool-call-parser that belongs to the model; another one cuts names and arguments wrongly.",
  );
}

function isObject(text: string): boolean {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === "object" && value !== null && !Array.isArray(value);
  } catch {
    return false; // The finding shows the text.
  }
}

const quoted = (text: string) => JSON.stringify(text.length > 160 ? `${text.slice(0, 160)}…` : text);
