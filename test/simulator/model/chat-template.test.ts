import { expect, test } from "vitest";
import {
  chatToolSchema,
  loadChatTemplate,
  PromptError,
} from "../../../bench/simulator/model/chat-template.ts";
import { readConversation } from "../../../bench/simulator/policy/conversation.ts";
import { sglangTraits } from "../../../bench/simulator/settings/sglang.ts";

const older = loadChatTemplate(sglangTraits["0.5.10"]);
const template = loadChatTemplate(sglangTraits["0.5.23"]);
const asked = {
  type: "function",
  function: { name: "refund", description: "Refunds.", parameters: { type: "object", properties: {} } },
};
const tool = chatToolSchema.parse(asked);

test("a prompt with tools, calls and results", () => {
  const prompt = template.render(
    [
      { role: "system", content: "Be kind." },
      {
        role: "user",
        content: [{ type: "text", text: "Hello" }, { type: "image" }, { type: "text", text: "you" }],
      },
      {
        role: "assistant",
        content: null,
        tool_calls: [
          { function: { name: "refund", arguments: '{"b":2.0,"a":[1,"x"],"n":1e3}' } },
          { function: { name: "refund", arguments: { a: null } } },
        ],
      },
      { role: "tool", content: "done" },
    ],
    [tool],
  );
  expect(prompt).toBe(`<|im_start|>system
Be kind.

# Functions

These functions can be called; each line describes one as JSON:
<tools>
{"type": "function", "function": {"name": "refund", "description": "Refunds.", "parameters": {"type": "object", "properties": {}}}, "defer_loading": null}
</tools>

A call is a JSON object with the function name and its arguments, between call tags:
<tool_call>
{"name": NAME, "arguments": ARGUMENTS}
</tool_call><|im_end|>
<|im_start|>user
Hello you<|im_end|>
<|im_start|>assistant
<tool_call>
{"name": "refund", "arguments": {"b": 2.0, "a": [1, "x"], "n": 1000.0}}
</tool_call>
<tool_call>
{"name": "refund", "arguments": {"a": null}}
</tool_call><|im_end|>
<|im_start|>tool
done<|im_end|>
<|im_start|>assistant
`);
});

const shapes = [
  {
    title: "as sent",
    sent: asked.function,
    inOrder:
      '{"description": "Refunds.", "name": "refund", "parameters": {"type": "object", "properties": {}}, "strict": false}}',
    kept: '{"name": "refund", "description": "Refunds.", "parameters": {"type": "object", "properties": {}}}, "defer_loading": null}',
  },
  {
    title: "with only a name",
    sent: { name: "refund" },
    inOrder: '{"description": null, "name": "refund", "parameters": null, "strict": false}}',
    kept: '{"name": "refund", "description": null, "parameters": null}, "defer_loading": null}',
  },
  {
    title: "held to its schema, in another order, with a field that nobody knows",
    sent: { strict: true, other: 1, parameters: {}, name: "refund" },
    inOrder: '{"description": null, "name": "refund", "parameters": {}, "strict": true}}',
    kept: '{"strict": true, "parameters": {}, "name": "refund", "description": null}, "defer_loading": null}',
  },
];

test.each(shapes)("a tool $title in the prompt of each version", ({ sent, inOrder, kept }) => {
  const tools = [chatToolSchema.parse({ function: sent })];
  const messages = [{ role: "user", content: "Hello" }];
  const before = '{"type": "function", "function": ';
  expect(older.render(messages, tools)).toContain(`${before}${inOrder}\n`);
  expect(template.render(messages, tools)).toContain(`${before}${kept}\n`);
});

test("a trailing assistant message becomes the user's, and nothing is rendered for no tools", () => {
  expect(template.render([{ role: "assistant", content: "I said" }], [])).toBe(
    "<|im_start|>user\nI said<|im_end|>\n<|im_start|>assistant\n",
  );
});

test("argument texts that are no JSON object are refused as each version refuses them", () => {
  const history = (text: string) => [
    { role: "assistant", tool_calls: [{ function: { name: "f", arguments: text } }] },
  ];
  const render = (text: string) => template.render(history(text), []);
  expect(() => render('{"a":')).toThrow(
    new PromptError("Assistant tool call function.arguments must be valid JSON."),
  );
  expect(() => render("[1]")).toThrow(
    new PromptError("Assistant tool call function.arguments must be a JSON object."),
  );
  expect(() => older.render(history("{not json"), [])).toThrow(
    new PromptError("unexpected character, expected a string key: line 1 column 2 (char 1)"),
  );
  expect(older.render(history("[1]"), [])).toContain('{"name": "f", "arguments": [1]}');
});

test("the conversation can be read back from the prompt", () => {
  const prompt = template.render(
    [
      { role: "system", content: "The text of a policy may say <tools>\nnothing\n</tools> itself." },
      { role: "user", content: "two\nlines" },
      {
        role: "assistant",
        content: "Let me look.",
        tool_calls: [{ function: { name: "refund", arguments: '{"s":"}\\n"}' } }],
      },
      { role: "tool", content: '{"a": 1}' },
      { role: "assistant", content: "Done." },
      { role: "user", content: "" },
    ],
    [tool],
  );
  const conversation = readConversation(prompt);
  expect(conversation?.tools).toEqual([{ name: "refund", parameters: { type: "object", properties: {} } }]);
  expect(conversation?.turns.slice(1)).toEqual([
    { role: "user", text: "two\nlines", calls: [] },
    { role: "assistant", text: "Let me look.", calls: [{ name: "refund", argumentsText: '{"s": "}\\n"}' }] },
    { role: "tool", text: '{"a": 1}', calls: [] },
    { role: "assistant", text: "Done.", calls: [] },
    { role: "user", text: "", calls: [] },
  ]);
  expect(readConversation("The capital of France is")).toBeNull();
});
