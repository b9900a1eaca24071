import { request } from "node:http";
import { expect, test } from "vitest";
import { parseFaults } from "../../bench/simulator/settings/faults.ts";
import { chat, chunksOf, metric, post } from "./client.ts";
import { type EngineProcess, startEngine } from "./engine-process.ts";

const messages = [{ role: "user", content: "Hello" }];
const tools = [{ type: "function", function: { name: "f", parameters: { type: "object", properties: {} } } }];
const statusOf = async (engine: EngineProcess) =>
  (await post(`${engine.url}/v1/chat/completions`, { messages })).status;

/** What a client reads before the connection ends, and whether it ended as HTTP says it should. */
async function readRaw(engine: EngineProcess, body: unknown): Promise<{ text: string; complete: boolean }> {
  const { promise, resolve, reject } = Promise.withResolvers<{ text: string; complete: boolean }>();
  const sent = request(`${engine.url}/v1/chat/completions`, { method: "POST" }, (response) => {
    let text = "";
    response.setEncoding("utf8").on("data", (part: string) => (text += part));
    response.on("error", () => {});
    response.on("close", () => resolve({ text, complete: response.complete }));
  });
  sent.on("error", (error: NodeJS.ErrnoException) =>
    error.code === "ECONNRESET" ? resolve({ text: "", complete: false }) : reject(error),
  );
  sent.end(JSON.stringify(body));
  return promise;
}

test("usage-skew: the answer reports other counts than the metrics", async () => {
  await using engine = await startEngine(["--fault", "usage-skew=3"]);
  const before = await metric(engine.url, "generation_tokens_total");
  const whole = await chat(engine.url, { messages, return_token_ids: true });
  const tokens = whole.choices[0].response_token_ids?.length ?? Number.NaN;
  expect(whole.usage?.completion_tokens).toBe(tokens + 3);
  expect(whole.usage?.total_tokens).toBe((whole.usage?.prompt_tokens ?? 0) + tokens + 3);
  expect(await metric(engine.url, "generation_tokens_total")).toBe(before + tokens);
  const streamed = await post(`${engine.url}/v1/chat/completions`, {
    messages,
    stream: true,
    stream_options: { include_usage: true },
  });
  expect(chunksOf(streamed.text).at(-1)?.usage?.completion_tokens).toBe(tokens + 3);
});

test("drop-usage: no answer reports counts", async () => {
  await using engine = await startEngine(["--fault", "drop-usage"]);
  expect(await chat(engine.url, { messages })).not.toHaveProperty("usage");
  const options = { include_usage: true, continuous_usage_stats: true };
  const streamed = await post(`${engine.url}/v1/chat/completions`, {
    messages,
    stream: true,
    stream_options: options,
  });
  expect(chunksOf(streamed.text).every(({ usage, choices }) => usage == null && choices.length === 1)).toBe(
    true,
  );
});

test("die-after: the process is gone in the middle of the next request", async () => {
  await using engine = await startEngine(["--fault", "die-after=2"]);
  expect([await statusOf(engine), await statusOf(engine)]).toEqual([200, 200]);
  const { text, complete } = await readRaw(engine, { messages, stream: true });
  expect(complete).toBe(false);
  expect(text).not.toContain("[DONE]");
  expect(await engine.exited).toEqual({ code: null, signal: "SIGKILL" });
});

test("http-500: every Nth request, in SGLang's form", async () => {
  await using engine = await startEngine(["--fault", "http-500=2"]);
  const answers = [];
  for (let round = 0; round < 4; round++)
    answers.push(await post(`${engine.url}/v1/chat/completions`, { messages }));
  expect(answers.map(({ status }) => status)).toEqual([200, 500, 200, 500]);
  expect(answers[1]?.json()).toEqual({
    object: "error",
    message: "Internal server error (injected fault http-500).",
    type: "InternalServerError",
    param: null,
    code: 500,
  });
});

test("cut-stream: the connection ends after half of the tokens, and the engine counts an abort", async () => {
  await using engine = await startEngine(["--fault", "cut-stream"]);
  const { text, complete } = await readRaw(engine, { messages, stream: true });
  expect(complete).toBe(false);
  expect(text).toContain('"role":"assistant"');
  expect(text).not.toContain("[DONE]");
  expect((await readRaw(engine, { messages })).complete).toBe(false);
  expect(await metric(engine.url, "num_aborted_requests_total")).toBe(2);
});

test("malformed-tool-json: the arguments lack their end", async () => {
  await using engine = await startEngine(["--fault", "malformed-tool-json"]);
  const { message, finish_reason: reason } = (
    await chat(engine.url, { messages, tools, tool_choice: "required" })
  ).choices[0];
  expect([message.tool_calls?.[0]?.function.arguments, reason]).toEqual(["{", "tool_calls"]);
});

test("slow: everything takes that much longer", async () => {
  await using engine = await startEngine(["--decode-step-ms", "10", "--fault", "slow=5"]);
  const startedNs = process.hrtime.bigint();
  await chat(engine.url, { messages, max_tokens: 5 });
  // Four decode steps of 50 ms after the first token.
  expect(Number(process.hrtime.bigint() - startedNs) / 1e6).toBeGreaterThan(200);
});

test("hang: no answer, while the rest of the server goes on", async () => {
  await using engine = await startEngine(["--fault", "hang"]);
  const signal = AbortSignal.timeout(300);
  const asked = fetch(`${engine.url}/v1/chat/completions`, {
    method: "POST",
    body: JSON.stringify({ messages }),
    signal,
  });
  await expect(asked).rejects.toMatchObject({ name: "TimeoutError" });
  expect((await fetch(`${engine.url}/health`)).status).toBe(200);
});

test("no-tool-parser: a call stays the raw text of the model, whole and streamed", async () => {
  await using engine = await startEngine(["--fault", "no-tool-parser"]);
  const asked = { messages: [{ role: "user", content: '[call f {"a": 1}]' }], tools };
  const whole = await chat(engine.url, asked);
  expect(whole.choices[0]).toMatchObject({
    finish_reason: "stop",
    message: {
      content: '<tool_call>\n{"name": "f", "arguments": {"a": 1}}\n</tool_call>',
    },
  });
  expect(whole.choices[0].message).not.toHaveProperty("tool_calls");
  const streamed = await post(`${engine.url}/v1/chat/completions`, { ...asked, stream: true });
  const deltas = chunksOf(streamed.text).map(({ choices }) => choices[0]?.delta);
  expect(deltas.map((delta) => delta?.content ?? "").join("")).toContain('<tool_call>\n{"name": "f"');
  expect(deltas.every((delta) => (delta?.tool_calls ?? null) === null)).toBe(true);
});

test("no-metrics and half-ready: the server looks well and gives no page, or no tokens at first", async () => {
  await using engine = await startEngine(["--fault", "no-metrics", "--fault", "half-ready=2"]);
  const status = async (path: string) => (await fetch(`${engine.url}${path}`)).status;
  expect([await status("/health"), await status("/v1/models"), await status("/metrics")]).toEqual([
    200, 200, 404,
  ]);
  expect([await statusOf(engine), await statusOf(engine), await statusOf(engine)]).toEqual([503, 503, 200]);
});

test("rates below 1 are drawn by seed and request number", () => {
  const hits = (seed: number) => {
    const faults = parseFaults(["http-500=0.3"], seed);
    return Array.from({ length: 200 }, () => faults.next().http500);
  };
  expect(hits(1)).toEqual(hits(1));
  expect(hits(1)).not.toEqual(hits(2));
  const share = hits(1).filter(Boolean).length / 200;
  expect(share).toBeGreaterThan(0.2);
  expect(share).toBeLessThan(0.4);
});
