import { once } from "node:events";
import { request } from "undici";
import { expect, test } from "vitest";
import { answerMessage } from "../../../bench/gateway/trajectories/answer-message.ts";
import { expectJson, GatewayUser, type Reply } from "../gateway-process.ts";
import {
  frameOf,
  gatewayOverGenerate,
  idsOf,
  tokenizer,
  writes,
  type FrameStyle,
  type GenerateAnswer,
} from "./generate-engine.ts";

const messages = [{ role: "user", content: "hi" }];
const tools = [{ type: "function", function: { name: "f", parameters: { type: "object" } } }];
const call = '<tool_call>\n{"name": "f", "arguments": {"ä": "🛫 東京"}}\n</tool_call>';
const errorOf = ({ status, text }: Reply): unknown[] => {
  const { message, detail } = JSON.parse(text) as { message?: string; detail?: string };
  return [status, message ?? detail];
};

test.each<readonly [FrameStyle, number]>([
  ["cumulative", 1],
  ["cumulative", 3],
  ["incremental", 1],
  ["incremental", 2],
  ["incremental-ids", 1],
])("frames that are %s, %d tokens each, become the answer and its tokens", async (style, step) => {
  await using rig = await gatewayOverGenerate();
  const user = new GatewayUser(rig.url);
  const { id, key } = await user.startSession("t");
  const said = `Naïve 東京 🛫🛫 plan.\n${call}`;
  rig.answer = writes(said, { style, step });
  const body = { messages, tools, stream_options: { include_usage: true } };
  const streamed = await user.chat(key, { ...body, stream: true });
  const whole = await user.chat(key, { ...body, messages: [{ role: "user", content: "again" }] });
  const expected = {
    role: "assistant",
    content: "Naïve 東京 🛫🛫 plan.",
    tool_calls: [{ type: "function", function: { name: "f", arguments: '{"ä": "🛫 東京"}' } }],
  };
  const seen = answerMessage(streamed.text);
  expect([{ ...(seen as object), content: expected.content }, answerMessage(whole.text)]).toEqual([
    expected,
    expected,
  ]);
  // SGLang's own streams lose the text that stands before a call in the same piece.
  const { content } = seen as { content: string };
  const shown = `${expected.content}\n`;
  expect(shown.slice(0, step === 1 ? shown.length : content.length)).toBe(content);
  expect(expectJson(whole)).toMatchObject({
    choices: [{ finish_reason: "tool_calls", matched_stop: expect.any(Number) as number }],
    usage: {
      prompt_tokens: 10,
      completion_tokens: idsOf(said).length,
      prompt_tokens_details: { cached_tokens: 4 },
    },
  });
  expect(streamed.text).toMatch(/"finish_reason":"tool_calls".*"choices":\[\].*data: \[DONE\]\n\n$/s);
  await user.reward(key);
  const { interactions, level, streaming } = await user.exported(id);
  expect([level, streaming, interactions.length]).toEqual(["L2", "true", 2]);
  expect(interactions.map(({ tokens }) => [tokens?.output_ids, tokens?.output_logprobs])).toEqual(
    [0, 1].map(() => [idsOf(said), idsOf(said).map((_id, at) => -(at + 1) / 8)]),
  );
  expect(rig.asked[0]?.input_ids).toEqual(interactions[0]?.tokens?.prompt_tail);
});

test("streams come while the engine generates, and parameters arrive", async () => {
  await using rig = await gatewayOverGenerate();
  const { key } = await new GatewayUser(rig.url).startSession("t");
  const gate = Promise.withResolvers<void>();
  rig.answer = async (_body, response) => {
    response.writeHead(200, { "content-type": "text/event-stream" });
    response.write(`data: ${JSON.stringify(frameOf("two words", 1))}\n\n`);
    await gate.promise;
    response.end(`data: ${JSON.stringify(frameOf("two words", idsOf("two words").length))}\n\n`);
  };
  const parameters = {
    temperature: 0,
    top_p: 0.5,
    seed: 3,
    max_completion_tokens: 9,
    stop: ["\n"],
    store: false,
    response_format: { type: "json_object" },
  };
  const response = await request(`${rig.url}/v1/chat/completions`, {
    method: "POST",
    headers: { authorization: `Bearer ${key}` },
    body: JSON.stringify({ messages, stream: true, ...parameters }),
  });
  let text = "";
  for await (const chunk of response.body) {
    text += String(chunk);
    if (text.includes('"content":"tw')) gate.resolve();
  }
  expect(text).toContain("[DONE]");
  expect(rig.asked[0]).toEqual({
    input_ids: [...tokenizer.encode("<|im_start|>user\nhi<|im_end|>\n<|im_start|>assistant\n")],
    sampling_params: {
      temperature: 0,
      top_p: 0.5,
      sampling_seed: 3,
      max_new_tokens: 9,
      stop: ["\n"],
      json_schema: '{"type": "object"}',
      skip_special_tokens: true,
    },
    return_logprob: true,
    stream: true,
    rid: expect.stringMatching(/^chatcmpl-/) as string,
  });
});

test("a stop text is never shown, also not its beginning", async () => {
  await using rig = await gatewayOverGenerate();
  const { key } = await new GatewayUser(rig.url).startSession("t");
  const ids = [...tokenizer.encode("yes STOP")];
  rig.answer = (_body, response) => {
    response.writeHead(200);
    for (const [at, text] of ["yes", "yes S", "yes ST", "yes STO", "yes "].entries()) {
      const meta_info = {
        prompt_tokens: 1,
        completion_tokens: at + 1,
        finish_reason: at === 4 ? { type: "stop", matched: "STOP" } : null,
        output_token_logprobs: Array.from({ length: at + 1 }, (_, place) => [-1, ids[place] ?? 0, null]),
      };
      response.write(`data: ${JSON.stringify({ text, meta_info })}\n\n`);
    }
    response.end();
  };
  const streamed = await new GatewayUser(rig.url).chat(key, { messages, stream: true, stop: "STOP" });
  expect(answerMessage(streamed.text)?.["content"]).toBe("yes ");
  expect(streamed.text).toContain('"matched_stop":"STOP"');
});

const answers =
  (status: number, body: string): GenerateAnswer =>
  (_body, response) =>
    response.writeHead(status).end(body);
const overflow = "The input (9 tokens) is longer than the model's context length (8 tokens).";
const abort = {
  text: "",
  output_ids: [],
  meta_info: {
    prompt_tokens: 1,
    completion_tokens: 0,
    finish_reason: { type: "abort", message: "paused", status_code: 503 },
  },
};

test.each<readonly [string, GenerateAnswer, unknown[]]>([
  ["refuses", answers(400, JSON.stringify({ error: { message: overflow } })), [400, overflow]],
  [
    "refuses in a stream",
    answers(200, `data: ${JSON.stringify({ error: { message: overflow } })}\n\n`),
    [400, overflow],
  ],
  ["fails", answers(500, "boom"), [500, "boom"]],
  [
    "aborts before the first token",
    answers(200, `data: ${JSON.stringify(abort)}\n\n`),
    [503, "The engine aborted the generation: paused"],
  ],
  [
    "ends too early",
    answers(200, `data: ${JSON.stringify(frameOf("a b c", 1))}\n\n`),
    [502, expect.stringContaining("ended without a finish reason")],
  ],
  ["says something else", answers(200, 'data: {"a":1}\n\n'), [502, expect.stringContaining("another shape")]],
  [
    "breaks off",
    (_body, response) => response.socket?.destroy(),
    [502, expect.stringContaining("did not answer")],
  ],
])("an engine that %s: the client hears of it, nothing is recorded", async (_name, answer, expected) => {
  await using rig = await gatewayOverGenerate();
  const user = new GatewayUser(rig.url);
  const { id, key } = await user.startSession("t");
  rig.answer = answer;
  expect(errorOf(await user.chat(key, { messages }))).toEqual(expected);
  expect((await user.reward(key)).status).toBe(400);
  rig.answer = writes("ok");
  expectJson(await user.chat(key, { messages }));
  await user.reward(key);
  const { interactions, sessions } = await user.exported(id);
  expect([interactions.length, sessions[0]?.failed_calls, sessions[0]?.dropped]).toEqual([
    1,
    1,
    [{ interaction_id: null, reason: "failed" }],
  ]);
  expect(rig.asked).toHaveLength(2);
});

test("an abort in the middle of a stream is an error in it, and no answer", async () => {
  await using rig = await gatewayOverGenerate();
  const user = new GatewayUser(rig.url);
  const { key } = await user.startSession("t");
  rig.answer = (_body, response) => {
    response.write(`data: ${JSON.stringify(frameOf("one two three", 2))}\n\n`);
    response.end(`data: ${JSON.stringify({ ...abort, text: "one two" })}\n\n`);
  };
  const { status, text } = await user.chat(key, { messages, stream: true });
  expect(status).toBe(200);
  expect(text).toMatch(
    /data: \{"error":\{"object":"error","message":"The engine aborted the generation: paused".*data: \[DONE\]\n\n$/s,
  );
  expect(text).not.toContain('"finish_reason":"');
  expect((await user.reward(key)).text).toContain("No interactions in session");
});

test("a client that leaves is passed on to the engine, and its call is not recorded", async () => {
  await using rig = await gatewayOverGenerate();
  const user = new GatewayUser(rig.url);
  const { key } = await user.startSession("t");
  const gone = Promise.withResolvers<void>();
  rig.answer = (_body, response) => {
    response.once("close", () => gone.resolve());
    response.write(`data: ${JSON.stringify(frameOf("one two three", 1))}\n\n`);
  };
  const abortion = new AbortController();
  const response = await request(`${rig.url}/v1/chat/completions`, {
    method: "POST",
    headers: { authorization: `Bearer ${key}` },
    body: JSON.stringify({ messages, stream: true }),
    signal: abortion.signal,
  });
  await once(response.body, "readable");
  abortion.abort();
  await response.body.dump().catch(() => undefined);
  await gone.promise;
  const metrics = async () => (await request(`${rig.url}/metrics`)).body.text();
  await expect.poll(metrics).toContain('tollgate_gateway_calls_total{outcome="client-aborted"} 1');
  expect((await user.reward(key)).text).toContain("No interactions in session");
  const page = await metrics();
  expect(page).toContain('tollgate_gateway_recording_info{level="L2",streaming="true"} 1');
});

test("what cannot be asked is refused before the engine is", async () => {
  await using rig = await gatewayOverGenerate({ limits: { bodyBytesMax: 10_000 } });
  const user = new GatewayUser(rig.url);
  const { key } = await user.startSession("t");
  const refused = async (body: unknown) => errorOf(await user.chat(key, body));
  expect([
    await refused("{"),
    await refused({}),
    await refused({ messages: [] }),
    await refused({ messages, n: 2 }),
    await refused({ messages, logprobs: true }),
    await refused({ messages, tool_choice: "required", tools }),
    await refused({ messages, response_format: { type: "grammar" } }),
    await refused({ messages: [{ role: "user", content: "x".repeat(20_000) }] }),
  ]).toEqual([
    [400, "Invalid JSON body"],
    [422, expect.stringContaining("messages")],
    [422, expect.stringContaining("messages")],
    [400, "n must be 1: a call in a recorded conversation has one answer"],
    [400, expect.stringContaining("logprobs are recorded at level L2")],
    [400, 'tool_choice must be "auto" or "none" at recording level L2'],
    [400, expect.stringContaining("response_format must be")],
    [413, "Request body is longer than 10000 bytes"],
  ]);
  expect(rig.asked).toEqual([]);
});
