import { afterAll, beforeAll, expect, test } from "vitest";
import { chat, eventData, metric, post } from "../client.ts";
import { type EngineProcess, startEngine } from "../engine-process.ts";

let engine: EngineProcess;
beforeAll(async () => {
  engine = await startEngine(["--max-running-requests", "2", "--seed", "7"]);
});
afterAll(async () => engine[Symbol.asyncDispose]());

const endless = { text: "x", sampling_params: { max_new_tokens: 100_000, ignore_eos: true } };
const load = async () => {
  const page = (await (await fetch(`${engine.url}/v1/loads?include=core`)).json()) as {
    loads: [{ num_running_reqs: number; num_waiting_reqs: number }];
  };
  const [{ num_running_reqs: running, num_waiting_reqs: waiting }] = page.loads;
  return { running, waiting };
};

test("every answer says that it is a simulator's", async () => {
  const models = await fetch(`${engine.url}/v1/models`);
  expect(models.headers.get("x-tollgate-simulator")).toBe("1");
  expect(await models.json()).toMatchObject({
    data: [{ id: "tollgate-sim", owned_by: "tollgate-simulator" }],
  });
  const info = (await (await fetch(`${engine.url}/server_info`)).json()) as Record<string, unknown>;
  expect(info).toMatchObject({
    simulator: true,
    pid: engine.child.pid,
    port: Number(new URL(engine.url).port),
    max_running_requests: 2,
    random_seed: 7,
  });
  const again = await (await fetch(`${engine.url}/get_server_info`)).json();
  expect(again).toMatchObject({ start_id: info["start_id"] });
  expect((await fetch(`${engine.url}/absent`)).status).toBe(404);
  expect((await fetch(`${engine.url}/v1/chat/completions`)).status).toBe(405);
});

test.each([
  ["0.5.10", "0.5.10.post1-simulator"],
  ["0.5.23", "0.5.23-simulator"],
])("--sglang %s says so in /server_info", async (sglang, version) => {
  await using other = await startEngine(["--sglang", sglang]);
  expect(await (await fetch(`${other.url}/server_info`)).json()).toMatchObject({ version });
});

test("at most max-running-requests run, the rest wait in a queue; a busy cache is not flushed; abort ends all", async () => {
  const answers = Array.from({ length: 5 }, () => post(`${engine.url}/generate`, endless));
  await expect.poll(load, { timeout: 10_000 }).toEqual({ running: 2, waiting: 3 });
  expect((await fetch(`${engine.url}/flush_cache`)).status).toBe(400);
  const before = {
    aborted: await metric(engine.url, "num_aborted_requests_total"),
    requests: await metric(engine.url, "num_requests_total"),
  };
  expect((await post(`${engine.url}/abort_request`, { abort_all: true })).status).toBe(200);
  const bodies = (await Promise.all(answers)).map(
    (answer) => answer.json() as { meta_info: Record<string, unknown> },
  );
  expect(bodies.map(({ meta_info: { finish_reason: reason } }) => (reason as { type: string }).type)).toEqual(
    Array.from({ length: 5 }, () => "abort"),
  );
  expect(await load()).toEqual({ running: 0, waiting: 0 });
  // One order for all counts once; of the requests those that ran count.
  expect(await metric(engine.url, "num_aborted_requests_total")).toBe(before.aborted + 1);
  expect(await metric(engine.url, "num_requests_total")).toBe(before.requests + 2);
  expect((await post(`${engine.url}/flush_cache`, {})).status).toBe(200);
});

test("a client that goes away aborts its request", async () => {
  const before = await metric(engine.url, "num_aborted_requests_total");
  for (const streamed of [true, false]) {
    const cancel = new AbortController();
    const doomed = fetch(`${engine.url}/generate`, {
      method: "POST",
      body: JSON.stringify({ ...endless, stream: streamed }),
      signal: cancel.signal,
    })
      .then((response) => response.text())
      .catch((error: unknown) => (error as Error).name);
    await expect.poll(load, { timeout: 10_000 }).toEqual({ running: 1, waiting: 0 });
    cancel.abort();
    expect(await doomed).toBe("AbortError");
    await expect.poll(load, { timeout: 10_000 }).toEqual({ running: 0, waiting: 0 });
  }
  expect(await metric(engine.url, "num_aborted_requests_total")).toBe(before + 2);
});

test("one request is aborted by its id", async () => {
  const kept = post(`${engine.url}/generate`, {
    ...endless,
    rid: "keep",
    sampling_params: { max_new_tokens: 50, ignore_eos: true },
  });
  const doomed = post(`${engine.url}/generate`, { ...endless, rid: "doomed" });
  await expect.poll(load, { timeout: 10_000 }).toMatchObject({ waiting: 0 });
  await post(`${engine.url}/abort_request`, { rid: "doomed" });
  expect((await doomed).json()).toMatchObject({
    meta_info: { id: "doomed", finish_reason: { type: "abort" } },
  });
  expect((await kept).json()).toMatchObject({
    meta_info: { completion_tokens: 50, finish_reason: { type: "length" } },
  });
});

test("streamed frames of /generate hold the text so far", async () => {
  const whole = (await post(`${engine.url}/generate`, { text: "Hello" })).json() as { text: string };
  const frames = eventData((await post(`${engine.url}/generate`, { text: "Hello", stream: true })).text);
  expect(frames.at(-1)).toBe("[DONE]");
  const texts = frames.slice(0, -1).map((frame) => (JSON.parse(frame) as { text: string }).text);
  expect(texts.at(-1)).toBe(whole.text);
  for (const [index, text] of texts.entries()) expect(text.startsWith(texts[index - 1] ?? "")).toBe(true);
});

test("tokenize takes one text or several, detokenize gives them back", async () => {
  const one = (await post(`${engine.url}/tokenize`, { prompt: "Grüße<|im_end|>" })).json() as {
    tokens: number[];
  };
  const back = async (body: unknown) => (await post(`${engine.url}/detokenize`, body)).json();
  expect(await back({ tokens: one.tokens, skip_special_tokens: false })).toEqual({ text: "Grüße<|im_end|>" });
  expect(await back({ tokens: one.tokens })).toEqual({ text: "Grüße" });
  const two = (await post(`${engine.url}/tokenize`, { prompt: ["a", "b c"] })).json() as {
    tokens: number[][];
    count: number[];
  };
  expect(two.count).toEqual(two.tokens.map(({ length }) => length));
  expect(await back({ tokens: two.tokens })).toEqual({ text: ["a", "b c"] });
});

test("the log says what the engine did, on the clock that all processes share", async () => {
  const log = async (since: number) =>
    (await (await fetch(`${engine.url}/simulator/log?since=${since}`)).json()) as {
      next: number;
      requests: Record<string, unknown>[];
    };
  const { next } = await log(0);
  const beforeNs = Number(process.hrtime.bigint());
  const answer = await chat(
    engine.url,
    {
      messages: [{ role: "user", content: "Hi" }],
      return_token_ids: true,
      return_prompt_token_ids: true,
      logprobs: true,
    },
    { "x-tollgate-request": "r1" },
  );
  const afterNs = Number(process.hrtime.bigint());
  await expect.poll(async () => (await log(next)).requests).toHaveLength(1);
  const [entry] = (await log(next)).requests;
  const [choice] = answer.choices;
  expect(entry).toMatchObject({
    seq: next,
    id: answer.id,
    endpoint: "/v1/chat/completions",
    streamed: false,
    headers: { "x-tollgate-request": "r1" },
    finish: "stop",
    promptIds: choice.prompt_token_ids,
    outputIds: choice.response_token_ids,
    logprobs: choice.logprobs?.content.map(({ logprob }) => logprob),
  });
  const { receivedNs, arrivalNs, prefillStartNs, tokenNs, sendNs, endNs } = entry as {
    receivedNs: number;
    arrivalNs: number;
    prefillStartNs: number;
    tokenNs: number[];
    sendNs: number[];
    endNs: number;
  };
  const stamps = [beforeNs, receivedNs, arrivalNs, prefillStartNs, ...tokenNs, ...sendNs, afterNs];
  expect(stamps).toEqual([...stamps].sort((left, right) => left - right));
  // Not held against the client's clock: it may have the answer before the engine notes that it sent it.
  expect(endNs).toBeGreaterThanOrEqual(Math.max(...sendNs));
  expect(tokenNs).toHaveLength(choice.response_token_ids?.length ?? -1);
});
