import {
  also,
  withCalls,
  withMessages,
  without,
  withTexts,
  withTools,
  type Chat,
  type Lie,
  type Row,
  type Message,
  type Tool,
} from "./lie.ts";

/** Lies about what was asked: the engine is sent another request than the agent's. */
const row = (name: string, request: (chat: Chat) => Chat, says: RegExp): Row => ({
  name,
  lie: { request },
  verdict: "request-altered",
  says,
});
const textRow = (name: string, lie: Lie, says: RegExp): Row => ({
  name,
  lie,
  verdict: "request-altered",
  says,
});

const described = (tools: readonly Tool[], change: (description: string) => string) =>
  tools.map((tool) => ({
    ...tool,
    function: { ...tool.function, description: change(tool.function.description ?? "") },
  }));
const parameters = (tools: readonly Tool[], change: (text: string) => string) =>
  tools.map((tool) => ({
    ...tool,
    function: {
      ...tool.function,
      parameters: JSON.parse(change(JSON.stringify(tool.function.parameters))) as unknown,
    },
  }));
const webSearch: Tool = {
  type: "function",
  function: { name: "web_search", description: "Searches.", parameters: { type: "object", properties: {} } },
};
const words = (message: Message) => (typeof message.content === "string" ? message.content : "");
const note: Message = { role: "system", content: "Be brief." };
const callName = (chat: Chat) => chat.tools?.[0]?.function.name ?? "none";
const asParts = (message: Message): Message => ({
  ...message,
  content: [
    { type: "text", text: words(message) },
    { type: "text", text: "(seen)" },
  ],
});

export const requestLies: readonly Row[] = [
  row("temperature-changed", also({ temperature: 0.9 }), /temperature/),
  row("temperature-removed", without("temperature"), /temperature/),
  row("top-p-clamped", also({ top_p: 0.95 }), /top_p/),
  row("top-k-inserted", also({ top_k: 40 }), /top_k/),
  row("min-p-inserted", also({ min_p: 0.05 }), /min_p/),
  row("penalty-inserted", also({ repetition_penalty: 1.05 }), /repetition_penalty/),
  row("presence-inserted", also({ presence_penalty: 0.5 }), /presence_penalty/),
  row("max-tokens-changed", also({ max_tokens: 1024 }), /max_tokens/),
  row("max-tokens-removed", without("max_tokens"), /max_tokens/),
  row(
    "max-tokens-renamed-and-less",
    (chat) => also({ max_completion_tokens: 512 })(without("max_tokens")(chat)),
    /max_(completion_)?tokens/,
  ),
  row("seed-changed", also({ seed: 1 }), /seed/),
  row("seed-removed", without("seed"), /seed/),
  row("seed-rounded", (chat) => ({ ...chat, seed: Number(chat["seed"]) + 1 }), /seed/),
  row("model-changed", also({ model: "cheaper-model" }), /model/),
  row("stop-inserted", also({ stop: ["\n\n\n\n"] }), /stop/),
  row("logit-bias-inserted", also({ logit_bias: { "17": -1 } }), /logit_bias/),
  row("parallel-calls-off", also({ parallel_tool_calls: false }), /parallel_tool_calls/),
  row("tool-choice-none", also({ tool_choice: "none" }), /tool_choice/),
  row("tool-choice-required", also({ tool_choice: "required" }), /tool_choice/),
  row(
    "tool-choice-forced",
    (chat) => ({ ...chat, tool_choice: { type: "function", function: { name: callName(chat) } } }),
    /tool_choice/,
  ),
  row("json-mode-inserted", also({ response_format: { type: "json_object" } }), /response_format/),
  row(
    "thinking-switched-off",
    also({ chat_template_kwargs: { enable_thinking: false } }),
    /chat_template_kwargs/,
  ),
  row("reasoning-effort-inserted", also({ reasoning_effort: "low" }), /reasoning_effort/),
  row(
    "prompt-cut",
    withTexts("system", (text) => text.slice(0, Math.floor(text.length * 0.7))),
    /messages?\b|system/,
  ),
  row(
    "history-cut",
    withMessages(([first, ...rest]) => (first === undefined ? rest : [first, ...rest.slice(-3)])),
    /messages?\b/,
  ),
  row(
    "system-added",
    withMessages(([first, ...rest]) => (first === undefined ? [note] : [first, note, ...rest])),
    /messages?\b/,
  ),
  row(
    "system-appended-to",
    withTexts("system", (text) => `${text}\nBe brief.`),
    /messages?\b|system/,
  ),
  row(
    "system-made-developer",
    withMessages((all) => all.map((one) => (one.role === "system" ? { ...one, role: "developer" } : one))),
    /role|messages?\b/,
  ),
  row(
    "user-text-padded",
    withTexts("user", (text) => ` ${text} `),
    /messages?\b/,
  ),
  row(
    "words-masked",
    withTexts("user", (text) => text.replaceAll("book", "[ITEM]").replaceAll("loan", "[ITEM]")),
    /messages?\b/,
  ),
  row(
    "unicode-normalised",
    withTexts("system", (text) => text.replaceAll("’", "'").replaceAll(/[–—]/g, "-").replaceAll("e", "é")),
    /messages?\b/,
  ),
  row(
    "last-message-twice",
    withMessages((all) => [...all, ...all.slice(-1)]),
    /messages?\b/,
  ),
  row(
    "tool-results-truncated",
    withTexts("tool", (text) => text.slice(0, 30)),
    /messages?\b/,
  ),
  row(
    "tool-results-spelled-anew",
    withTexts("tool", (text) => text.replaceAll('": ', '":')),
    /messages?\b/,
  ),
  row(
    "call-arguments-repaired",
    withCalls((call) => ({
      ...call,
      function: { ...call.function, arguments: `${call.function?.arguments ?? ""} ` },
    })),
    /arguments|messages?\b/,
  ),
  row(
    "call-ids-renamed",
    (chat) => JSON.parse(JSON.stringify(chat).replaceAll("call_", "fc_")) as Chat,
    /id|messages?\b/,
  ),
  row(
    "text-as-two-parts",
    withMessages((all) => all.map((one) => (one.role === "user" ? asParts(one) : one))),
    /messages?\b/,
  ),
  row(
    "tool-removed",
    withTools((tools) => tools.slice(0, -1)),
    /tool/,
  ),
  row(
    "tools-reordered",
    withTools((tools) => tools.toReversed()),
    /tool/,
  ),
  row(
    "tool-added",
    withTools((tools) => [...tools, webSearch]),
    /tool/,
  ),
  row(
    "tool-description-edited",
    withTools((tools) => described(tools, (text) => `${text} Use with care.`)),
    /tool/,
  ),
  row(
    "tool-descriptions-cut",
    withTools((tools) => described(tools, (text) => text.slice(0, 40))),
    /tool/,
  ),
  row(
    "tool-schema-opened",
    withTools((tools) => parameters(tools, (text) => text.replace(/"required":\[[^\]]*\]/, '"required":[]'))),
    /tool/,
  ),
  row(
    "tool-schema-strict",
    withTools((tools) => tools.map((tool) => ({ ...tool, function: { ...tool.function, strict: true } }))),
    /tool/,
  ),
  row("tools-removed", without("tools", "tool_choice"), /tool/),
  row("streaming-switched-off-upstream", also({ stream: false, stream_options: null }), /stream/),
  row("samples-two", also({ n: 1, best_of: 2 }), /best_of/),
  textRow("seed-loses-digits", { text: (text) => text.replace(/"seed":(\d+)\d{3}/, '"seed":$1000') }, /seed/),
  textRow(
    "zero-made-a-default",
    { text: (text) => text.replace('"temperature":0', '"temperature":null') },
    /temperature/,
  ),
];
