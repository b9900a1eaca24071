import { expect, test } from "vitest";
import { stream } from "../../answer/answer-bodies.ts";
import { GatewayUser } from "../gateway-process.ts";
import { gatewayOverGenerate, type GenerateAnswer } from "./generate-engine.ts";

const event = (choice: object | null, more: object = {}) => ({
  id: "c",
  object: "chat.completion.chunk",
  model: "m",
  choices: choice === null ? [] : [{ index: 0, finish_reason: null, ...choice }],
  ...more,
});
const call = (part: object) => ({ tool_calls: [{ index: 0, ...part }] });
const usage = { usage: { prompt_tokens: 3, completion_tokens: 3, total_tokens: 6 } };
const logprobs = (...values: readonly number[]) => ({
  logprobs: { content: values.map((logprob) => ({ token: "t", logprob, top_logprobs: [] })) },
});

/** What an engine streams for three tokens that are one tool call, asked for ids and not asked for them. */
interface Dialect {
  readonly asked: Readonly<Record<string, unknown>>;
  readonly told: readonly unknown[];
  readonly plain: readonly unknown[];
}

// vLLM 0.32: ids beside each event's delta, a null where nobody asked; a token of the call's own marks has an empty delta.
const vllm: Dialect = {
  asked: { logprobs: true, return_token_ids: true },
  told: [
    event({ delta: { role: "assistant", content: "" }, logprobs: null }, { prompt_token_ids: [7, 8, 9] }),
    event({ delta: {}, ...logprobs(-0.5), token_ids: [21] }),
    event({
      delta: call({ id: "x", type: "function", function: { name: "find", arguments: "{}" } }),
      ...logprobs(-0.25),
      token_ids: [22],
    }),
    event({ delta: {}, finish_reason: "tool_calls", stop_reason: null, ...logprobs(-1), token_ids: [23] }),
    event(null, usage),
    "[DONE]",
  ],
  plain: [
    event({ delta: { role: "assistant", content: "" }, logprobs: null }, { prompt_token_ids: null }),
    event({
      delta: call({ id: "x", type: "function", function: { name: "find", arguments: "{}" } }),
      logprobs: null,
      token_ids: null,
    }),
    event({ delta: {}, finish_reason: "tool_calls", stop_reason: null, logprobs: null, token_ids: null }),
    event(null, usage),
    "[DONE]",
  ],
};
// SGLang 0.5.23: all ids behind the end; logprobs that no delta waits for have an event of their own.
const sglang: Dialect = {
  asked: { logprobs: true, return_input_ids_in_sglext: true, return_output_ids_in_sglext: true },
  told: [
    event({ delta: { role: "assistant", content: "" }, logprobs: null, matched_stop: null }),
    event({ delta: { reasoning_content: null }, ...logprobs(-0.5), matched_stop: null }),
    event({
      delta: call({ id: "x", type: "function", function: { name: "find", arguments: "{}" } }),
      logprobs: null,
      matched_stop: null,
    }),
    event({ delta: { reasoning_content: null }, ...logprobs(-0.25, -1), matched_stop: null }),
    event({
      delta: { reasoning_content: null },
      logprobs: null,
      finish_reason: "tool_calls",
      matched_stop: 23,
    }),
    event(null, { sglext: { input_ids: [7, 8, 9], output_ids: [[21, 22, 23]] } }),
    event(null, usage),
    "[DONE]",
  ],
  plain: [
    event({ delta: { role: "assistant", content: "" }, logprobs: null, matched_stop: null }),
    event({
      delta: call({ id: "x", type: "function", function: { name: "find", arguments: "{}" } }),
      logprobs: null,
      matched_stop: null,
    }),
    event({
      delta: { reasoning_content: null },
      logprobs: null,
      finish_reason: "tool_calls",
      matched_stop: 23,
    }),
    event(null, usage),
    "[DONE]",
  ],
};

/** Streams events one by one, so that each is a chunk. */
const plays =
  (events: readonly unknown[]): GenerateAnswer =>
  async (_body, response) => {
    response.writeHead(200, { "content-type": "text/event-stream" });
    for (const one of events) {
      response.write(stream(one));
      await new Promise(setImmediate);
    }
    response.end();
  };

const body = { model: "m", messages: [{ role: "user", content: "hi" }], stream: true };
const withUsage = { ...body, stream_options: { include_usage: true } };

test.each([
  ["vLLM", vllm],
  ["SGLang", sglang],
])(
  "L1 passes the events of %s as they come, without what it asked for, and keeps the tokens",
  async (name, dialect) => {
    await using rig = await gatewayOverGenerate({ level: "L1", streams: name === "vLLM" ? "each" : "end" });
    rig.answer = plays(dialect.told);
    const user = new GatewayUser(rig.url);
    const { key, id } = await user.startSession("t");
    const seen = await user.chat(key, withUsage);
    expect(seen.text).toBe(stream(...dialect.plain));
    const [asked] = rig.asked;
    expect(asked).toMatchObject({ ...dialect.asked, stream: true, stream_options: { include_usage: true } });
    await user.reward(key);
    const traj = await user.exported(id);
    expect([traj.level, traj.streaming]).toEqual(["L1", "true"]);
    expect(traj.interactions.map(({ tokens }) => tokens)).toMatchObject([
      { prompt_tail: [7, 8, 9], output_ids: [21, 22, 23], output_logprobs: [-0.5, -0.25, -1] },
    ]);
  },
);

test("L1 shows a client that asked for logprobs, or for no usage, what it asked for", async () => {
  await using rig = await gatewayOverGenerate({ level: "L1", streams: "each" });
  rig.answer = plays(vllm.told);
  const { key } = await new GatewayUser(rig.url).startSession("t");
  const asked = await new GatewayUser(rig.url).chat(key, { ...body, logprobs: true });
  expect(asked.text.match(/"logprob":/g)).toHaveLength(3);
  expect(asked.text).not.toMatch(/"usage":\{|token_ids":\[/);
});

test("L1 keeps no ids of a stream with fewer logprobs than ids", async () => {
  await using rig = await gatewayOverGenerate({ level: "L1", streams: "each" });
  rig.answer = plays(vllm.told.map((one, at) => (at === 1 ? event({ delta: {}, token_ids: [21] }) : one)));
  const user = new GatewayUser(rig.url);
  const { key, id } = await user.startSession("t");
  await user.chat(key, withUsage);
  await user.reward(key);
  expect((await user.exported(id)).level).toBe("L0");
  expect(await (await fetch(`${rig.url}/metrics`)).text()).toContain(
    'call_notes_total{note="no-token-ids"} 1',
  );
});

test("L1 does not start with an engine that ignores what it asks for, and streams whole answers of one that does so in streams", async () => {
  await expect(gatewayOverGenerate({ level: "L1", answersIds: false })).rejects.toThrow(
    /gives none: it ignores return_token_ids: its answer has no ids of the prompt, no ids of the answer.*Level L2/s,
  );
  await using rig = await gatewayOverGenerate({ level: "L1" });
  expect(await (await fetch(`${rig.url}/metrics`)).text()).toContain(
    'recording_info{level="L1",streaming="simulated"} 1',
  );
});
