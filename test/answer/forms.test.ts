import { expect, test } from "vitest";
import { readAnswer } from "../../bench/answer/read-answer.ts";
import { chunk, stream } from "./answer-bodies.ts";

const delta = (part: unknown) => chunk({ delta: part });
const call = (more: object, name: string | undefined, args: unknown) => ({
  ...more,
  function: { ...(name !== undefined && { name }), arguments: args },
});
const calls = (...entries: unknown[]) => delta({ tool_calls: entries });
const find = { id: "a", name: "find", argumentsText: '{"n":1}' };
const renew = { id: "b", name: "renew", argumentsText: '{"n":2}' };
const usage = { prompt_tokens: 140, completion_tokens: 7 };
const counts = { promptTokens: 140, completionTokens: 7, cachedTokens: null };
const frame = (text: string, more: object = {}) => ({ text, meta_info: { id: "g", ...usage, ...more } });

/** What each accepted form is read as; the events of a stream, or the one object of an answer in one piece. */
const forms: readonly (readonly [string, readonly unknown[] | object, object])[] = [
  ["text", [delta({ content: "a" }), delta({ content: "b" })], { text: "ab", begun: true, tokenEvents: 2 }],
  [
    "a role alone carries no token",
    [delta({ role: "assistant", content: "" })],
    { begun: true, tokenEvents: 0 },
  ],
  ["text of completions", [chunk({ text: "a" })], { text: "a", tokenEvents: 1 }],
  ["reasoning_content", [delta({ reasoning_content: "hm" })], { reasoning: "hm", text: "", tokenEvents: 1 }],
  ["reasoning", [delta({ reasoning: "hm" })], { reasoning: "hm", tokenEvents: 1 }],
  ["both names with one text", [delta({ reasoning: "hm", reasoning_content: "hm" })], { reasoning: "hm" }],
  [
    "reasoning and text in one delta",
    [delta({ reasoning: "hm", content: "a" })],
    { reasoning: "hm", text: "a" },
  ],
  [
    "content as parts",
    [delta({ content: [{ type: "text", text: "a" }, { type: "output_text", text: "b" }, null] })],
    { text: "ab", tokenEvents: 1 },
  ],
  ["content as one part", [delta({ content: { type: "text", text: "a" } })], { text: "a" }],
  ["content as texts", [delta({ content: ["a", "b"] })], { text: "ab" }],
  [
    "thinking among the parts (Mistral)",
    [
      delta({
        content: [
          { type: "thinking", thinking: [{ type: "text", text: "hm" }] },
          { type: "text", text: "a" },
        ],
      }),
    ],
    { reasoning: "hm", text: "a" },
  ],
  [
    "reasoning among the parts (harmony)",
    [delta({ content: [{ type: "reasoning", summary: [{ type: "summary_text", text: "hm" }] }] })],
    { reasoning: "hm", text: "" },
  ],
  [
    "a reference among the parts",
    [
      delta({
        content: [
          { type: "reference", reference_ids: [1] },
          { type: "text", text: "a" },
        ],
      }),
    ],
    { text: "a" },
  ],
  ["refusal", [delta({ refusal: "I cannot" })], { text: "I cannot", tokenEvents: 1 }],
  ["refusal as a part", [delta({ content: [{ type: "refusal", refusal: "no" }] })], { text: "no" }],
  ["reasoning as an object", [delta({ reasoning: { content: "hm" } })], { reasoning: "hm" }],
  [
    "reasoning_details (OpenRouter)",
    [delta({ reasoning_details: [{ type: "reasoning.text", text: "hm" }] })],
    { reasoning: "hm" },
  ],
  [
    "reasoning with its details",
    [delta({ reasoning: "hm", reasoning_details: [{ type: "reasoning.text", text: "hm" }] })],
    { reasoning: "hm" },
  ],
  [
    "encrypted reasoning",
    [delta({ content: "a", reasoning_details: [{ type: "reasoning.encrypted", data: "x" }] })],
    { reasoning: "", text: "a" },
  ],
  ["thinking", [delta({ thinking: "hm" })], { reasoning: "hm" }],
  [
    "thinking_blocks (LiteLLM)",
    [delta({ thinking_blocks: [{ type: "thinking", thinking: "hm", signature: "s" }] })],
    { reasoning: "hm" },
  ],
  [
    "a signature alone",
    [delta({ thinking_blocks: [{ type: "thinking", signature: "s" }] })],
    { reasoning: "" },
  ],
  [
    "null everywhere",
    [
      {
        id: null,
        choices: [
          {
            index: null,
            delta: { content: null, reasoning: null, tool_calls: null, function_call: null, refusal: null },
            finish_reason: null,
          },
        ],
        usage: null,
        error: null,
      },
    ],
    { begun: true, tokenEvents: 0 },
  ],
  ["delta null beside a message", [chunk({ delta: null, message: { content: "a" } })], { text: "a" }],
  ["an empty delta beside a message", [chunk({ delta: {}, message: { content: "a" } })], { text: "a" }],
  ["text and delta with one text", [chunk({ text: "a", delta: { content: "a" } })], { text: "a" }],
  ["a choice index as a text", [{ choices: [{ index: "0", delta: { content: "a" } }] }], { text: "a" }],
  ["choices as one object", [{ choices: { delta: { content: "a" } } }], { text: "a" }],
  ["choices as an empty object", [{ choices: {}, usage }], { begun: false, usage: counts }],
  ["Azure's first chunk", [{ id: "", choices: [], prompt_filter_results: [{}] }], { begun: false }],
  ["id of the answer", [{ id: "c1", choices: [] }, { id: "c2" }], { responseId: "c1" }],
  ["finish reason", [chunk({ finish_reason: "length" })], { finish: "length" }],
  [
    "an empty finish reason is none",
    [chunk({ finish_reason: "stop" }), chunk({ finish_reason: "" })],
    { finish: "stop" },
  ],
  ["choices null", [{ choices: null, usage }], { usage: counts, begun: false }],
  ["choices left out", [{ object: "chat.completion.chunk", usage }], { usage: counts }],
  [
    "usage with cached tokens",
    [{ choices: [], usage: { ...usage, prompt_tokens_details: { cached_tokens: 3 } } }],
    { usage: { ...counts, cachedTokens: 3 } },
  ],
  [
    "usage that counts up",
    [{ usage: { prompt_tokens: 140, completion_tokens: 1 } }, { usage }],
    { usage: counts },
  ],
  [
    "zeros behind a usage",
    [{ usage }, { usage: { prompt_tokens: 0, completion_tokens: 0 } }],
    { usage: counts },
  ],
  [
    "zeros alone",
    [{ usage: { prompt_tokens: 0, completion_tokens: 0 } }],
    { usage: { promptTokens: 0, completionTokens: 0, cachedTokens: null } },
  ],
  [
    "error with its key",
    [{ error: { message: "full", code: 503 } }],
    { error: '{"error":{"message":"full","code":503}}' },
  ],
  ["error as a text", [{ error: "full" }], { error: '{"error":"full"}' }],
  [
    "error without its key",
    [{ object: "error", message: "CUDA" }],
    { error: '{"object":"error","message":"CUDA"}' },
  ],
  [
    "no error",
    [
      { error: null, ...chunk({ delta: { content: "a" } }) },
      { error: "", choices: [] },
    ],
    { error: null, text: "a" },
  ],
  ["keep-alive of a gateway", [{ type: "ping" }, {}, null], { begun: false }],
  ["a choice with another index", [{ choices: [{ index: 1, delta: { content: "b" } }] }], { text: "b" }],

  [
    "a call in pieces",
    [
      calls(call({ index: 0, id: "a", type: "function" }, "find", "")),
      calls(call({ index: 0 }, undefined, '{"n"')),
      calls(call({ index: 0, id: null }, undefined, ":1}")),
    ],
    { calls: [find], tokenEvents: 3 },
  ],
  ["arguments as an object", [calls(call({ index: 0, id: "a" }, "find", { n: 1 }))], { calls: [find] }],
  [
    "arguments null",
    [calls(call({ index: 0, id: "a" }, "find", null))],
    { calls: [{ ...find, argumentsText: "" }] },
  ],
  [
    "calls told apart by index",
    [
      calls(call({ index: 0, id: "a" }, "find", '{"n"'), call({ index: 1, id: "b" }, "renew", '{"n"')),
      calls(call({ index: 0 }, undefined, ":1}")),
      calls(call({ index: 1 }, undefined, ":2}")),
    ],
    { calls: [find, renew] },
  ],
  [
    "calls without an index, told apart by id",
    [calls(call({ id: "a" }, "find", '{"n":1}')), calls(call({ id: "b" }, "renew", '{"n":2}'))],
    { calls: [find, renew] },
  ],
  [
    "a piece without index and id belongs to the last call",
    [calls(call({ id: "a" }, "find", '{"n"')), calls(call({}, undefined, ":1}"))],
    { calls: [find] },
  ],
  [
    "one index for two ids",
    [
      calls(call({ index: 0, id: "a" }, "find", '{"n":1}')),
      calls(call({ index: 0, id: "b" }, "renew", '{"n"')),
      calls(call({ index: 0 }, undefined, ":2}")),
    ],
    { calls: [find, renew] },
  ],
  [
    "a piece under an index that no call has",
    [calls(call({ index: 0, id: "a" }, "find", '{"n"')), calls(call({ index: 1 }, undefined, ":1}"))],
    { calls: [find] },
  ],
  [
    "one id for two indices",
    [
      calls(call({ index: 0, id: "a" }, "find", '{"n":1}')),
      calls(call({ index: 1, id: "a" }, "renew", '{"n":2}')),
    ],
    { calls: [find, { ...renew, id: "a" }] },
  ],
  [
    "an id that comes later",
    [calls(call({ index: 0 }, "find", "")), calls(call({ index: 0, id: "a" }, undefined, '{"n":1}'))],
    { calls: [find] },
  ],
  [
    "id and name in every piece",
    [
      calls(call({ id: "a" }, "find", '{"n"')),
      calls(call({ id: "a" }, "find", ":1}")),
      calls(call({ id: "a" }, "find", "")),
    ],
    { calls: [find] },
  ],
  [
    "a name in pieces",
    [calls(call({ index: 0, id: "a" }, "fi", "")), calls(call({ index: 0 }, "nd", '{"n":1}'))],
    { calls: [find] },
  ],
  [
    "names alone",
    [calls(call({}, "find", '{"n":1}')), calls(call({}, "renew", '{"n":2}'))],
    {
      calls: [
        { ...find, id: "" },
        { ...renew, id: "" },
      ],
    },
  ],
  [
    "one name and one index for two calls",
    [calls(call({ index: 0 }, "find", '{"n":1}')), calls(call({ index: 0 }, "find", '{"n":1}'))],
    {
      calls: [
        { ...find, id: "" },
        { ...find, id: "" },
      ],
    },
  ],
  [
    "a name repeated without an id",
    [calls(call({ index: 0 }, "find", '{"n"')), calls(call({ index: 0 }, "find", ":1}"))],
    { calls: [{ ...find, id: "" }] },
  ],
  [
    "pieces of several calls by their position",
    [
      calls(call({}, "find", '{"n"'), call({}, "renew", '{"n"')),
      calls(call({}, undefined, ":1}"), call({}, undefined, ":2}")),
    ],
    {
      calls: [
        { ...find, id: "" },
        { ...renew, id: "" },
      ],
    },
  ],
  [
    "function_call",
    [delta({ function_call: { name: "find", arguments: '{"n":1}' } })],
    { calls: [{ ...find, id: "" }] },
  ],

  [
    "frames that repeat the text",
    [frame("a"), frame("ab", { finish_reason: { type: "stop" }, cached_tokens: 3 })],
    { text: "ab", finish: "stop", responseId: "g", usage: { ...counts, cachedTokens: 3 }, tokenEvents: 2 },
  ],
  ["frames with what is new", [frame("a"), frame("b"), frame("a")], { text: "aba", begun: true }],
  ["frames of ids alone", [{ output_ids: [1], meta_info: usage }], { tokenEvents: 1 }],

  [
    "in one piece: text",
    { id: "c", choices: [{ message: { content: "a" }, finish_reason: "stop" }], usage },
    {
      responseId: "c",
      text: "a",
      finish: "stop",
      usage: counts,
      incomplete: null,
      tokenEvents: 0,
      firstTokenEndByte: null,
    },
  ],
  [
    "in one piece: calls of one id",
    {
      choices: [
        {
          message: {
            content: null,
            tool_calls: [call({ id: "a" }, "find", { n: 1 }), call({ id: "a" }, "renew", '{"n":2}')],
          },
        },
      ],
    },
    { calls: [find, { ...renew, id: "a" }] },
  ],
  [
    "in one piece: calls of one name",
    { choices: [{ message: { tool_calls: [call({}, "find", '{"n":1}'), call({}, "find", '{"n":1}')] } }] },
    {
      calls: [
        { ...find, id: "" },
        { ...find, id: "" },
      ],
    },
  ],
  [
    "in one piece: error",
    { error: { message: "no" } },
    { error: '{"error":{"message":"no"}}', begun: false },
  ],
  [
    "in one piece: a message as the last event",
    [delta({ content: "a" }), chunk({ delta: {}, message: { content: "a" } })],
    { text: "a" },
  ],
];

test.each(forms)("%s", (_name, body, expected) => {
  const answer = readAnswer(Array.isArray(body) ? stream(...body) : JSON.stringify(body));
  expect(answer).toMatchObject({ unreadable: { count: 0, first: null }, ...expected });
});

test.each([
  ["text that is a number", delta({ content: 5 }), "content is 5"],
  [
    "arguments that are a number",
    calls(call({ index: 0 }, "find", 5)),
    'tool_calls is [{"index":0,"function":{"name":"find","arguments":5}}]',
  ],
  ["calls that are no list", delta({ tool_calls: "find" }), "tool_calls is find"],
  ["text that is true", delta({ content: true }), "content is true"],
  [
    "a part of text of an unknown type",
    delta({ content: [{ type: "image_url", image_url: {} }] }),
    'content is [{"type":"image_url","image_url":{}}]',
  ],
  ["a part of text that is a number", delta({ content: [5] }), "content is [5]"],
  ["text that is an unknown object", delta({ content: { value: "a" } }), 'content is {"value":"a"}'],
  ["text in lists of lists", delta({ content: [[[[[[[["a"]]]]]]]] }), 'content is [[[[[[[["a"]]]]]]]]'],
  ["reasoning that is a number", delta({ reasoning: 5 }), "reasoning is 5"],
  ["a delta that is a text", chunk({ delta: "a" }), "delta is a"],
  ["a delta that is a list", chunk({ delta: [] }), "delta is []"],
  ["a message that is a text", chunk({ message: "a" }), "message is a"],
  ["text of completions that is a number", chunk({ text: 5 }), "text is 5"],
  [
    "a second choice",
    { choices: [{ delta: {} }, { index: 1, delta: { content: "b" } }] },
    'choices is [{"delta":{}},{"index":1,"delta":{"content":"b"}}]',
  ],
  ["a choice that is null", { choices: [null] }, "choices is [null]"],
  ["choices that are a number", { choices: 3 }, "choices is 3"],
  ["meta_info that is a text", { meta_info: "a" }, "meta_info is a"],
  ["a frame whose text is a number", { text: 5, meta_info: {} }, "meta_info is {}"],
  [
    "Anthropic's beginning",
    { type: "message_start", message: { role: "assistant", content: [] } },
    'message is {"role":"assistant","content":[]}',
  ],
  [
    "Anthropic's text",
    { type: "content_block_delta", index: 0, delta: { type: "text_delta", text: "a" } },
    'no answer: {"type":"content_block_delta","index":0,"delta":{"type":"text_delta","text":"a"}}',
  ],
  [
    "Anthropic in one piece",
    { id: "m", content: [{ type: "text", text: "a" }], stop_reason: "end_turn" },
    'answer of another API, with content: {"id":"m","content":[{"type":"text","text":"a"}],"stop_reason":"end_turn"}',
  ],
  [
    "Responses' text",
    { type: "response.output_text.delta", delta: "a" },
    'no answer: {"type":"response.output_text.delta","delta":"a"}',
  ],
  [
    "Responses in one piece",
    { id: "r", object: "response", output: [1] },
    'answer of another API, with output: {"id":"r","object":"response","output":[1]}',
  ],
  ["Gemini", { candidates: [{ content: {} }] }, 'no answer: {"candidates":[{"content":{}}]}'],
  [
    "text-generation-inference's own",
    { token: { id: 1, text: "a" }, generated_text: null },
    'no answer: {"token":{"id":1,"text":"a"},"generated_text":null}',
  ],
  ["llama.cpp's own", { content: "a", stop: false }, 'no answer: {"content":"a","stop":false}'],
  [
    "Ollama's generate",
    { model: "m", response: "a", done: false },
    'no answer: {"model":"m","response":"a","done":false}',
  ],
  ["choices that are no list", { choices: "a" }, "choices is a"],
  ["a choice that is no object", { choices: ["a"] }, 'choices is ["a"]'],
  ["a finish reason that is a number", chunk({ finish_reason: 1 }), "finish_reason is 1"],
  ["an object of another kind", { status: "busy" }, 'no answer: {"status":"busy"}'],
  ["a value that is no object", 5, "no JSON object: 5"],
])("%s is counted, and what stands beside it is read", (_name, event, first) => {
  const answer = readAnswer(stream(delta({ content: "a" }), event, delta({ content: "b" })));
  expect(answer).toMatchObject({ text: "ab", unreadable: { count: 1, first } });
});

test("the good fields of an odd event count", () => {
  const odd = { id: "c", ...chunk({ delta: { content: "a", tool_calls: 1 }, finish_reason: "stop" }) };
  expect(readAnswer(stream(odd))).toMatchObject({ responseId: "c", text: "a", finish: "stop" });
});
