import { request } from "node:http";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { chat, chunksOf, eventData, metric, post } from "../client.ts";
import { type EngineProcess, startEngine } from "../engine-process.ts";

const messages = [{ role: "user", content: "Hello there" }];
const tools = ["list_books", "renew"].map((name) => ({
  type: "function",
  function: { name, parameters: { type: "object", properties: {} } },
}));
const asked = (text: string) => ({ messages: [{ role: "user", content: text }], tools });
const callText = '[call renew {"loan": "L1"}]';

describe.each([
  ["0.5.10", true],
  ["0.5.23", false],
] as const)("--sglang %s", (version, isOlder) => {
  let engine: EngineProcess;
  beforeAll(async () => {
    engine = await startEngine(["--sglang", version]);
  });
  afterAll(async () => engine[Symbol.asyncDispose]());
  const streamed = async (body: Record<string, unknown>) => {
    const { text } = await post(`${engine.url}/v1/chat/completions`, { ...body, stream: true });
    return chunksOf(text).flatMap(({ choices }) => choices);
  };
  const argumentsOf = (choices: Awaited<ReturnType<typeof streamed>>) =>
    choices
      .flatMap(({ delta }) => delta.tool_calls ?? [])
      .map(({ function: called }) => called.arguments)
      .join("");

  test("a call in one piece", async () => {
    const [choice] = (await chat(engine.url, asked(callText))).choices;
    expect(choice).toMatchObject({ finish_reason: "tool_calls", matched_stop: null });
    expect(choice.message.content).toBe(isOlder ? null : "");
    // The older version tells the place of the tool in the request.
    expect(choice.message.tool_calls).toMatchObject([
      { index: isOlder ? 1 : 0, function: { name: "renew" } },
    ]);
  });

  test("a forced call that is cut shows nothing, or the JSON that the older version forces", async () => {
    const body = { ...asked(callText), tool_choice: "required", max_tokens: 8 };
    const [choice] = (await chat(engine.url, body)).choices;
    expect(choice.finish_reason).toBe("length");
    expect(choice.message.content).toMatch(isOlder ? /^\[\{"name": "renew/ : /^$/);
    expect(choice.message.tool_calls ?? null).toBeNull();
  });

  test("a call without arguments: the older stream has none at all", async () => {
    expect(argumentsOf(await streamed(asked("[call list_books {}]")))).toBe(isOlder ? "" : "{}");
    expect(argumentsOf(await streamed(asked(callText)))).toBe('{"loan": "L1"}');
  });

  test("ids that are asked for: not known to the older version, refused in streams by the newer", async () => {
    const [choice] = (await chat(engine.url, { messages, return_token_ids: true })).choices;
    expect(choice.response_token_ids === undefined).toBe(isOlder);
    expect(choice.prompt_token_ids === undefined).toBe(isOlder);
    const stream = { messages, return_token_ids: true, stream: true };
    expect((await post(`${engine.url}/v1/chat/completions`, stream)).status).toBe(isOlder ? 200 : 400);
  });

  test("what is wrong with a streamed /generate is an event of a 200", async () => {
    const body = { text: "x", stream: true, sampling_params: { temperature: -1 } };
    const { status, text } = await post(`${engine.url}/generate`, body);
    expect(status).toBe(200);
    const [error = "", end] = eventData(text);
    expect(JSON.parse(error)).toMatchObject({
      error: { message: expect.stringMatching(/^temperature must be .*, got -1\.0\.$/) },
    });
    expect(end).toBe("[DONE]");
  });

  test("a stream ends some time after [DONE], and whoever leaves in between aborts nothing", async () => {
    const before = await metric(engine.url, "num_aborted_requests_total");
    const { promise, resolve, reject } = Promise.withResolvers<boolean>();
    const sent = request(`${engine.url}/v1/chat/completions`, { method: "POST" }, (response) => {
      let text = "";
      response.setEncoding("utf8").on("data", (part: string) => {
        text += part;
        if (!text.endsWith("data: [DONE]\n\n")) return;
        resolve(response.complete);
        sent.destroy();
      });
      response.on("error", () => {});
    });
    sent.on("error", reject);
    sent.end(JSON.stringify({ messages, stream: true }));
    expect(await promise).toBe(false);
    await post(`${engine.url}/v1/chat/completions`, { messages });
    expect(await metric(engine.url, "num_aborted_requests_total")).toBe(before);
  });
});
