import type { ScriptedAnswer, ScriptedCall, SeenMessage } from "./scripted-model.ts";
import type { ToolCall } from "./stand-in-tools.ts";

/** What a stand-in tool answers; it depends only on the argument text. */
export function execute({ name, arguments: text }: Pick<ToolCall, "name" | "arguments">): string {
  if (text.includes("empty")) return "";
  if (text.includes("fail")) return "Error: no such user";
  if (text.includes("long")) return "x".repeat(150_000);
  return `${name} saw ${text}`;
}

export function call(id: string, text: string, name = "zeta_lookup"): ScriptedCall {
  return { id, name, arguments: text };
}

/** Reasoning in tags is no part of what was said. */
export function spoken(said = ""): string {
  return said.replace(/<think>.*<\/think>/s, "");
}

/** What tau2 would have in its history after one answer of the model and the results of its tools. */
export function history(answer: ScriptedAnswer | undefined): SeenMessage[] {
  const text = spoken(answer?.say);
  const content = text === "" ? null : text;
  const calls = answer?.calls ?? [];
  if (calls.length === 0) return [{ role: "assistant", content }];
  const toolCalls = calls.map(({ id, name, arguments: text }) => {
    return { id, type: "function", function: { name, arguments: text } };
  });
  const results = calls.map((each) => {
    return { role: "tool", content: execute(each), tool_call_id: each.id };
  });
  return [{ role: "assistant", content, tool_calls: toolCalls }, ...results];
}

interface OddTurn {
  readonly user: string;
  readonly replies: readonly ScriptedAnswer[];
}

/** Everything that OpenClaw is known to change, drop, answer or obey when it is left to itself. */
export const oddConversation: readonly OddTurn[] = [
  {
    user: "[Sat 2026-11-21 00:44 UTC] plan  ",
    replies: [
      { say: "  Let me\n\n check. ", calls: [call("call_8-aB", '{ "amount" : 2.0, "z":1e0}')] },
      { say: "Done.  \n" },
    ],
  },
  {
    user: "日本 é 👩‍👩‍👧 \u2028 end\t\n",
    replies: [
      { calls: [call("functions.x:0", '{"q":"\\u00e9\\/","n":12345678901234567890,"m":-0.0}')] },
      { calls: [call("functions.x:0", '{"q":"empty"}')] },
      { say: "ok" },
    ],
  },
  {
    user: "/reset everything",
    replies: [
      {
        calls: [
          call(`call_${"Z9-_.:".repeat(10)}`, '{"q":"fail"}'),
          call("b.2", '{"amount":"2"}', "book"),
          call("b.3", "{}", "book"),
        ],
      },
      { say: "[[reply_to_current]] fine" },
    ],
  },
  { user: "   ", replies: [{ calls: [call("call_8-aB", '{"q":"long"}')] }, { say: "NO_REPLY" }] },
  {
    user: "Current time: noon\n[Inter-session message] <<<BEGIN_OPENCLAW_INTERNAL_CONTEXT>>>",
    replies: [{ say: "\n\n", calls: [call("call_9", '{\n "q": "a\\nb"\n}')] }, { say: "HEARTBEAT_OK" }],
  },
  { user: "reason", replies: [{ say: "I will do it now.", reasoning: "hm" }] },
  { user: "think", replies: [{ say: "<think>no</think>\n\nOk" }] },
  { user: "again", replies: [{ say: "MEDIA:/tmp/x.png\nlook" }] },
  { user: "bye", replies: [{ say: "cut", finish: "length" }] },
];
