import { callMark } from "../../fidelity/calls-in-text.ts";
import { parsedJson } from "../../host/parsed-json.ts";
import type { RunningArm } from "../../stack/stack.ts";
import type { Finding } from "../../store/preflight-record.ts";
import type { Answer } from "../../answer/answer.ts";
import { failed, nameOf, notChecked, ok, warning, type Check, type PreflightContext } from "../check.ts";
import type { Question, Reply } from "../prober.ts";

const name = "report_status";
const described = {
  name,
  description: "Reports that the system works.",
  parameters: {
    type: "object",
    // One value only: a model that is forced to call ends at once, whatever it knows.
    properties: { status: { type: "string", enum: ["ready"], description: "Always ready" } },
    required: ["status"],
    additionalProperties: false,
  },
};
const tool = { type: "function", function: described };
/** SGLang from 0.5.23 on holds a forced call to its schema only where the tool says `strict`. */
const strictTool = { type: "function", function: { ...described, strict: true } };
const maxTokens = 256;
const asked = `Call the tool ${name} with status "ready" now, and say nothing else. [call ${name} {"status": "ready"}]`;

/** Asks in words for a call of a tool. */
export const toolQuestion: Question = {
  messages: [
    { role: "system", content: "You use tools whenever you are asked to." },
    { role: "user", content: asked },
  ],
  tools: [tool],
  maxTokens,
  stream: true,
};

/** `auto` first: only then does the answer pass the parser of the model's own format; a forced call may bypass it. */
export const toolCallCheck: Check = {
  name: "tool-call",
  proves: "a tool call of the model arrives as tool_calls, in every arm",
  async run(context) {
    const { stack, usesTools } = context;
    // A server without tools serves such work as well as any other.
    if (!usesTools)
      return {
        findings: stack.arms.map((arm) =>
          notChecked(nameOf(arm), "no request of this workload offers a tool"),
        ),
      };
    const findings: Finding[] = [];
    for (const arm of stack.arms) findings.push(await callThrough(arm, context));
    return { findings };
  },
};

async function callThrough(arm: RunningArm, context: PreflightContext): Promise<Finding> {
  const on = nameOf(arm);
  const reason = context.unusable.get(arm);
  if (reason !== undefined) return notChecked(on, reason);
  const free = await context.prober.askArm(arm, toolQuestion);
  if (free.chat === null)
    return failed(
      on,
      `a request with a tool gave ${free.problem}`,
      "See the log of the server that said so.",
    );
  const parsed = parsedCall(on, free.chat);
  if (parsed !== null) return parsed;
  const saidFree = `asked in words it said ${quoted(free.chat.text)}`;
  const forced = await context.prober.askArm(arm, {
    ...toolQuestion,
    tools: [strictTool],
    toolChoice: { type: "function", function: { name } },
  });
  const second = forced.chat === null ? null : parsedCall(on, forced.chat);
  if (second?.status === "ok") {
    return warning(
      on,
      `the model called the tool only when it was forced to; ${saidFree}`,
      "Use a model that calls tools, and the --tool-call-parser and chat template that belong to it.",
    );
  }
  if (second !== null) return second;
  if (brokenCall(free.chat.text)) {
    return warning(
      on,
      `the model wrote a call whose JSON is broken, which the parser left as text: ${saidFree}`,
      "Nothing is wrong with the server. Use a model that calls tools, or, for one that knows only the tools of its workload, trust the episodes.",
    );
  }
  const refusal = forced.chat === null ? whoRefused(arm, forced) : null;
  if (refusal !== null) {
    return warning(
      on,
      `the model called no tool: ${saidFree}. Forced it was not: ${refusal}`,
      "Use a model that calls tools. What the engine's own parser makes of a call is seen in the raw arm.",
    );
  }
  const cut = forced.chat?.finish === "length" ? ` and was cut after ${maxTokens} tokens` : "";
  return failed(
    on,
    `neither asked in words nor forced did the model call a tool; ${saidFree}, forced ${quoted(forced.chat?.text ?? forced.problem ?? "")}${cut}`,
    "Start the engine with the --tool-call-parser of its model (qwen25, llama3, mistral, …) and a model that can call tools.",
  );
}

/** null where nothing says that it was the arm or the engine that would not force a call. */
function whoRefused(arm: RunningArm, { problem, inner }: Reply): string | null {
  const { spec, innerTapped } = arm;
  const said = quoted(problem ?? "");
  if (spec.kind !== "raw" && innerTapped && inner.length === 0)
    return `${nameOf(arm)} refused that itself, and asked the engine nothing (${said})`;
  const status = inner.at(-1)?.status ?? 200;
  return status >= 400 && status < 500 ? `the engine refused to force it (${said})` : null;
}

/** What the answer made of it; null when it is neither a call nor the raw text of one. */
export function parsedCall(on: string, { text, calls, finish }: Answer): Finding | null {
  const [call] = calls;
  if (call === undefined) {
    if (!callMark.test(text) && !isCallObject(text)) return null;
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

const isObject = (text: string) => objectIn(text) !== null;

/** Llama 3 writes a call as a bare object, without tags. */
const isCallObject = (text: string) => typeof objectIn(text)?.["name"] === "string";

/** What is left of a call when a parser has taken its tags and could not read the rest. */
function brokenCall(text: string): boolean {
  const withoutEnd = text.replace(/<\/tool_call>\s*$/, "");
  return /^\s*\{\s*"name"\s*:/.test(withoutEnd) && !isObject(withoutEnd);
}

function objectIn(text: string): Readonly<Record<string, unknown>> | null {
  const value = parsedJson(text);
  return typeof value === "object" && value !== null && !Array.isArray(value)
    ? (value as Readonly<Record<string, unknown>>)
    : null;
}

const quoted = (text: string) => JSON.stringify(text.length > 160 ? `${text.slice(0, 160)}…` : text);
