import { expect, test } from "vitest";
import { CallTree, type CallTokens } from "../../../bench/gateway/sessions/call-tree.ts";
import { renderConversation } from "../../../bench/gateway/rendering/conversation-prompt.ts";
import { extendChain } from "../../../bench/gateway/rendering/message-chain.ts";
import { loadPromptModel, type PromptModel } from "../../../bench/gateway/rendering/model-folder.ts";
import { normaliseMessages, type Message } from "../../../bench/gateway/rendering/normalise-messages.ts";
import { PromptTemplate } from "../../../bench/gateway/rendering/prompt-template.ts";

const model = loadPromptModel("bench/simulator/model");
const profile = "string";
const end = model.tokenizer.addedId("<|im_end|>") ?? -1;
const tools = [{ type: "function", function: { name: "get_user", parameters: { type: "object" } } }];
const question = [
  { role: "system", content: "Be brief." },
  { role: "user", content: "Who is u1?" },
];
/** What the model wrote: not the way in which the template would write it. */
const written = '<tool_call>\n{"name": "get_user", "arguments": {"b":1,  "a": [2]}}\n</tool_call>';
const answer = (text = '{"b":1,  "a": [2]}') => ({
  role: "assistant",
  content: "",
  tool_calls: [{ id: "call_1", type: "function", function: { name: "get_user", arguments: text } }],
});
const result = { role: "tool", tool_call_id: "call_1", content: "Ada" };

/** A conversation with one call: its prompt, and the ids that the model gave out. */
function afterOneCall(
  output: string,
  setup: { model?: PromptModel; answered?: Message; ended?: boolean } = {},
) {
  const { model: used = model, ended = true } = setup;
  const answered: Message = setup.answered ?? answer();
  const tree = new CallTree();
  const prompt = renderConversation(
    { messages: question, tools, toolForm: "sglang-0.5.10", variables: {} },
    used,
    tree,
  );
  const outputIds = Int32Array.of(...used.tokenizer.encode(output), ...(ended ? [end] : []));
  const [echo = answered] = normaliseMessages([answered], profile).messages;
  const tokens: CallTokens = {
    promptIds: prompt.ids,
    outputIds,
    outputLogprobs: new Float64Array(outputIds.length),
    weights: [],
    conversation: {
      chain: prompt.chain,
      after: extendChain(prompt.chain, echo),
      reasoning: typeof answered["reasoning_content"] === "string" ? answered["reasoning_content"] : null,
    },
  };
  tree.add(tokens);
  const next = (messages: readonly Message[], nextTools: readonly unknown[] = tools) => {
    const rendered = renderConversation(
      { messages, tools: nextTools, toolForm: "sglang-0.5.10", variables: {} },
      used,
      tree,
    );
    const kept = tree.add({
      ...tokens,
      promptIds: rendered.ids,
      conversation: { chain: rendered.chain, after: "x", reasoning: null },
    });
    return { rendered, kept };
  };
  return { before: [...prompt.ids, ...outputIds], next };
}

const follow = "\n<|im_start|>tool\nAda<|im_end|>\n<|im_start|>assistant\n";

test.each<readonly [string, Message]>([
  ["as it was", answer()],
  ["with its arguments written again", answer('{"b":1,"a":[2]}')],
  ["with its arguments in another order", answer('{"a":[2],"b":1}')],
  ["with another id", { ...answer(), tool_calls: [{ ...answer().tool_calls[0], id: "other" }] }],
  ["with null for its empty content", { ...answer(), content: null }],
  ["without content", { role: "assistant", tool_calls: answer().tool_calls }],
  ["with its content as no parts", { ...answer(), content: [] }],
])("an answer that comes back %s is continued with the model's own ids", (_name, echo) => {
  const { before, next } = afterOneCall(written);
  const { rendered, kept } = next([...question, echo, result]);
  expect([...rendered.ids]).toEqual([...before, ...model.tokenizer.encode(follow)]);
  expect(rendered.continues).toBe(true);
  expect(kept).toMatchObject({ parent: 0, sharedTokens: before.length, breakCause: null });
});

test.each<readonly [string, readonly Message[], string]>([
  [
    "another answer",
    [...question, { role: "assistant", content: "No." }, result],
    "the model's answer was rewritten",
  ],
  ["other arguments", [...question, answer('{"b":2}'), result], "the model's answer was rewritten"],
  [
    "another question",
    [{ role: "system", content: "Be brief." }, { role: "user", content: "Who?" }, answer(), result],
    "message 1 was rewritten",
  ],
  ["the question again", question, "the same prompt again"],
  ["the first message alone", question.slice(0, 1), "the history was cut short"],
])("a history with %s breaks, and says why", (_name, messages, cause) => {
  const { next } = afterOneCall(written);
  const { rendered, kept } = next(messages);
  const fresh = renderConversation(
    { messages, tools, toolForm: "sglang-0.5.10", variables: {} },
    model,
    new CallTree(),
  );
  expect([...rendered.ids]).toEqual([...fresh.ids]);
  expect([rendered.continues, kept?.breakCause]).toEqual([false, cause]);
});

test("other tools break", () => {
  const { next } = afterOneCall(written);
  const { rendered, kept } = next([...question, answer(), result], []);
  expect([rendered.continues, kept?.breakCause]).toEqual([false, "tools or template settings changed"]);
});

test("an answer that was cut off gets its end from the template", () => {
  const cut = { role: "assistant", content: "It is" };
  const { before, next } = afterOneCall("It is", { answered: cut, ended: false });
  const { rendered } = next([...question, cut, { role: "user", content: "Ada" }]);
  expect([...rendered.ids]).toEqual([
    ...before,
    ...model.tokenizer.encode(`<|im_end|>${follow.replace("tool", "user")}`),
  ]);
});

/** As Qwen3's: reasoning stands in the prompt until the user says something new. */
const thinking = `{%- set ns = namespace(last=0) %}
{%- for message in messages %}{% if message.role == 'user' %}{% set ns.last = loop.index0 %}{% endif %}{% endfor %}
{%- for message in messages %}{{- '<|im_start|>' + message.role + '\\n' }}
{%- if message.reasoning_content and loop.index0 > ns.last %}{{- '<think>\\n' + message.reasoning_content + '\\n</think>\\n\\n' }}{% endif %}
{{- message.content + '<|im_end|>\\n' }}{% endfor %}
{%- if add_generation_prompt %}{{- '<|im_start|>assistant\\n' }}{% endif %}`;

test("reasoning that the client leaves out stays, until the template drops it", () => {
  const used = { ...model, template: new PromptTemplate(thinking, {}) };
  const answered = { role: "assistant", content: "Ada", reasoning_content: "Hm." };
  const output = "<think>\nHm.\n</think>\n\nAda";
  const silent = { role: "assistant", content: "Ada" };
  const { before, next } = afterOneCall(output, { model: used, answered });
  const goesOn = next([...question, silent, { role: "tool", content: "x" }]);
  expect([...goesOn.rendered.ids].slice(0, before.length)).toEqual(before);
  expect(goesOn.kept?.breakCause).toBe(null);
  const other = afterOneCall(output, { model: used, answered });
  const dropped = other.next([...question, silent, { role: "user", content: "x" }]);
  expect([dropped.rendered.continues, dropped.kept?.breakCause]).toEqual([
    false,
    "the template renders the history in another way now",
  ]);
});
