import { afterAll, beforeAll, expect, test } from "vitest";
import { chat, chunksOf, eventData, post } from "../client.ts";
import { type EngineProcess, startEngine } from "../engine-process.ts";

let engine: EngineProcess;
beforeAll(async () => {
  engine = await startEngine(["--context-length", "2000"]);
});
afterAll(async () => engine[Symbol.asyncDispose]());

const messages = [{ role: "user", content: "Hello there" }];
const tool = {
  type: "function",
  function: {
    name: "book_trip",
    description: "Books.",
    parameters: {
      type: "object",
      properties: {
        city: { type: "string" },
        days: { type: "integer" },
        class: { enum: ["first", "second"] },
      },
      required: ["city", "days", "class"],
    },
  },
};
const stream = async (body: Record<string, unknown>) => {
  const answer = await post(`${engine.url}/v1/chat/completions`, { ...body, stream: true });
  expect(answer.status).toBe(200);
  return answer.text;
};
const flatError = (message: string, code = 400) => ({
  object: "error",
  message,
  type: "BadRequestError",
  param: null,
  code,
});

test("a text answer, with ids, logprobs and meta info on request", async () => {
  const answer = await chat(engine.url, {
    messages,
    logprobs: true,
    top_logprobs: 2,
    return_token_ids: true,
    return_prompt_token_ids: true,
    return_meta_info: true,
    unknown_field: { is: "dropped" },
  });
  const [choice] = answer.choices;
  const text = "Hello, I am the simulated agent. Which task is this about?";
  expect(choice.message).toEqual({ role: "assistant", content: text, reasoning_content: null });
  expect(choice.finish_reason).toBe("stop");
  const ids = choice.response_token_ids ?? [];
  expect(answer.usage).toMatchObject({
    prompt_tokens: choice.prompt_token_ids?.length,
    completion_tokens: ids.length,
    total_tokens: (choice.prompt_token_ids?.length ?? 0) + ids.length,
  });
  expect(choice.matched_stop).toBe(ids.at(-1));
  expect(choice.logprobs?.content.map(({ token }) => token).join("")).toBe(`${text}<|im_end|>`);
  expect(choice.logprobs?.content.every(({ logprob }) => logprob < 0)).toBe(true);
  expect(choice.meta_info).toMatchObject({
    id: answer.id,
    finish_reason: { type: "stop", matched: ids.at(-1) },
    completion_tokens: ids.length,
  });
  const detokenized = await post(`${engine.url}/detokenize`, { tokens: ids });
  expect(detokenized.json()).toEqual({ text });
});

test("a stream has a role chunk, text, a finish chunk, a usage chunk and the end mark, in this order", async () => {
  const text = await stream({ messages, stream_options: { include_usage: true } });
  expect(eventData(text).at(-1)).toBe("[DONE]");
  const chunks = chunksOf(text);
  expect(chunks[0]?.choices[0]?.delta).toEqual({
    role: "assistant",
    content: "",
    reasoning_content: null,
  });
  const whole = await chat(engine.url, { messages });
  expect(chunks.map(({ choices }) => choices[0]?.delta.content ?? "").join("")).toBe(
    whole.choices[0].message.content,
  );
  expect(
    chunks.map(({ choices }) => choices[0]?.finish_reason ?? null).filter((reason) => reason !== null),
  ).toEqual(["stop"]);
  expect(chunks.at(-2)?.choices[0]?.finish_reason).toBe("stop");
  expect(chunks.at(-1)).toMatchObject({
    choices: [],
    usage: { completion_tokens: whole.usage?.completion_tokens },
  });
  expect(chunks.slice(0, -1).every(({ usage }) => usage == null)).toBe(true);
});

test("without include_usage there is no usage chunk, with continuous stats every chunk counts", async () => {
  const plain = chunksOf(await stream({ messages }));
  expect(plain.every(({ usage, choices }) => usage == null && choices.length === 1)).toBe(true);
  const counted = chunksOf(await stream({ messages, stream_options: { continuous_usage_stats: true } }));
  // The first chunk has the role, the last one how it ended.
  const tokens = counted.slice(1, -1).map(({ usage }) => usage?.completion_tokens ?? -1);
  expect(tokens).toEqual([...tokens].sort((left, right) => left - right));
  expect(tokens.every((count) => count > 0)).toBe(true);
});

test("a forced tool call is the same whole and streamed, its arguments come in pieces", async () => {
  const body = {
    messages,
    tools: [tool],
    tool_choice: { type: "function", function: { name: "book_trip" } },
  };
  const whole = (await chat(engine.url, body)).choices[0];
  expect(whole.finish_reason).toBe("tool_calls");
  expect(whole.message.content).toBe("");
  expect(whole.message.tool_calls).toEqual([
    {
      id: expect.stringMatching(/^call_[0-9a-f]{24}$/),
      index: 0,
      type: "function",
      function: { name: "book_trip", arguments: '{"city": "x", "days": 0, "class": "first"}' },
    },
  ]);
  const calls = chunksOf(await stream(body)).flatMap(({ choices }) => choices[0]?.delta.tool_calls ?? []);
  expect(calls[0]).toMatchObject({ function: { name: "book_trip", arguments: "" } });
  expect(calls.length).toBeGreaterThan(3);
  expect(calls.slice(1).every(({ id, function: { name } }) => id === null && name === null)).toBe(true);
  expect(calls.map(({ function: { arguments: piece } }) => piece).join("")).toBe(
    whole.message.tool_calls?.[0]?.function.arguments,
  );
});

test("[call NAME JSON] calls that tool with those arguments, once", async () => {
  const asked = { role: "user", content: 'Try [call book_trip {"city":"Oslo","days":2.0}] now' };
  const { message } = (await chat(engine.url, { messages: [asked], tools: [tool] })).choices[0];
  expect(message.tool_calls?.[0]?.function.arguments).toBe('{"city": "Oslo", "days": 2.0}');
  const history = [
    asked,
    message,
    { role: "tool", content: "ok", tool_call_id: message.tool_calls?.[0]?.id },
  ];
  const after = (await chat(engine.url, { messages: history, tools: [tool] })).choices[0];
  expect(after.message).not.toHaveProperty("tool_calls");
});

test("a reply and its own history have the same tokens: prompts only grow", async () => {
  const first = await chat(engine.url, {
    messages,
    tools: [tool],
    tool_choice: "required",
    return_token_ids: true,
    return_prompt_token_ids: true,
  });
  const history = [...messages, first.choices[0].message, { role: "tool", content: "ok" }];
  const second = await chat(engine.url, { messages: history, tools: [tool], return_prompt_token_ids: true });
  const generated = [
    ...(first.choices[0].prompt_token_ids ?? []),
    ...(first.choices[0].response_token_ids ?? []),
  ];
  expect(second.choices[0].prompt_token_ids?.slice(0, generated.length)).toEqual(generated);
  // All of it but the last token, which was never fed back, comes from the prefix cache.
  expect(second.usage?.prompt_tokens_details).toEqual({ cached_tokens: generated.length - 1 });
});

test("limits and stop strings cut the answer", async () => {
  const limited = await chat(engine.url, { messages, max_tokens: 3 });
  expect(limited.choices[0]).toMatchObject({ finish_reason: "length", matched_stop: null });
  expect(limited.usage?.completion_tokens).toBe(3);
  const preferred = await chat(engine.url, { messages, max_tokens: 3, max_completion_tokens: 2 });
  expect(preferred.usage?.completion_tokens).toBe(2);
  const stopped = await chat(engine.url, { messages, stop: ["simulated"] });
  expect(stopped.choices[0]).toMatchObject({
    finish_reason: "stop",
    matched_stop: "simulated",
    message: { content: "Hello, I am the " },
  });
  const cut = await chat(engine.url, { messages, tools: [tool], tool_choice: "required", max_tokens: 4 });
  // What follows the beginning of a call is lost with it.
  expect(cut.choices[0]).toMatchObject({
    finish_reason: "length",
    message: { role: "assistant", content: "", reasoning_content: null },
  });
  expect(cut.usage?.completion_tokens).toBe(4);
  const none = await chat(engine.url, { messages, max_tokens: 0 });
  expect(none.choices[0]).toMatchObject({ finish_reason: "length", message: { content: "" } });
  expect(none.usage).toMatchObject({ completion_tokens: 0 });
  const streamedStop = chunksOf(await stream({ messages, stop: "simulated" }));
  expect(streamedStop.map(({ choices }) => choices[0]?.delta.content ?? "").join("")).toBe(
    "Hello, I am the ",
  );
});

test("refusals have SGLang's form and come before any byte of a stream", async () => {
  const refuse = async (body: unknown) => {
    const answer = await post(`${engine.url}/v1/chat/completions`, body);
    return [answer.status, answer.json()];
  };
  for (const name of ["return_token_ids", "return_prompt_token_ids", "return_meta_info"])
    expect(await refuse({ messages, stream: true, [name]: true })).toEqual([
      400,
      expect.objectContaining({
        type: "BadRequest",
        message: expect.stringMatching(`^${name} is not supported with streaming.*set stream=false`),
      }),
    ]);
  const long = [{ role: "user", content: "word ".repeat(2000) }];
  for (const streamed of [true, false])
    expect(await refuse({ messages: long, stream: streamed })).toEqual([
      400,
      flatError("The input (2009 tokens) is longer than the model's context length (2000 tokens)."),
    ]);
  const [status, overflow] = await refuse({ messages, max_tokens: 1999 });
  expect(status).toBe(400);
  expect((overflow as { message: string }).message).toMatch(
    /^Requested token count exceeds the model's maximum context length of 2000 tokens\./,
  );
  expect(await refuse({ messages: [] })).toEqual([400, flatError("Messages cannot be empty.")]);
  const schemaError = expect.objectContaining({
    type: "Bad Request",
    message: expect.stringMatching(/^1 validation error:/),
  });
  expect(await refuse("{")).toEqual([400, schemaError]);
  expect(await refuse({ messages: "Hello" })).toEqual([400, schemaError]);
  expect(await refuse({ messages: [{ role: "wizard", content: "x" }] })).toEqual([400, schemaError]);
  expect(await refuse({ messages, tool_choice: "required" })).toEqual([
    400,
    flatError("Tools cannot be empty if tool choice is set to required."),
  ]);
});

test("the same prompt gives the same answer as messages and as token ids", async () => {
  const tokenized = (await post(`${engine.url}/tokenize`, { messages, tools: [tool] })).json() as {
    tokens: number[];
    count: number;
    max_model_len: number;
  };
  expect(tokenized).toMatchObject({ count: tokenized.tokens.length, max_model_len: 131_072 });
  const asMessages = await chat(engine.url, {
    messages,
    tools: [tool],
    return_token_ids: true,
    logprobs: true,
  });
  const asIds = await chat(engine.url, {
    messages: [],
    input_ids: tokenized.tokens,
    return_token_ids: true,
  });
  expect(asMessages.usage?.prompt_tokens).toBe(tokenized.count);
  expect(asIds.choices[0].response_token_ids).toEqual(asMessages.choices[0].response_token_ids);
  const native = (
    await post(`${engine.url}/generate`, { input_ids: tokenized.tokens, return_logprob: true })
  ).json() as {
    output_ids: number[];
    meta_info: { output_token_logprobs: [number, number, string | null][] };
  };
  expect(native.output_ids).toEqual(asMessages.choices[0].response_token_ids);
  expect(native.meta_info.output_token_logprobs.map(([logprob]) => logprob)).toEqual(
    asMessages.choices[0].logprobs?.content.map(({ logprob }) => logprob),
  );
  expect(native.meta_info.output_token_logprobs.map(([, id]) => id)).toEqual(native.output_ids);
});
