import { createServer, type RequestListener } from "node:http";
import { once } from "node:events";
import type { AddressInfo } from "node:net";
import { json } from "node:stream/consumers";
import { expect, onTestFinished, test } from "vitest";
import {
  httpTrainer,
  type HttpTrainerOptions,
  modelName,
} from "../../../bench/feedback/trainer/http-trainer.ts";
import { TrainerError } from "../../../bench/feedback/trainer/trainer-error.ts";
import { startTrainer } from "../../simulator/trainer/started-trainer.ts";

const never = new AbortController().signal;
const system = { role: "system", content: "You are a helpful assistant." } as const;
const question = [system, { role: "user", content: "Tell me about tides." }] as const;
const asked = { messages: question, temperature: 0, maxTokens: 2048 } as const;
const training = { learning_rate: 3e-5 };

const client = (url: string, options: Partial<HttpTrainerOptions> = {}) =>
  httpTrainer({ baseUrl: `${url}/v1`, mode: "local", ...options });

/** A server that answers as told. */
async function lying(listener: RequestListener): Promise<string> {
  const server = createServer(listener).listen(0, "127.0.0.1");
  await once(server, "listening");
  onTestFinished(() => {
    server.closeAllConnections();
    server.close();
  });
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

const saying = async (body: unknown, status = 200) =>
  await lying((request, response) => {
    request.resume();
    response.writeHead(status, { "content-type": "application/json" });
    response.end(typeof body === "string" ? body : JSON.stringify(body));
  });

async function refusal(work: Promise<unknown>): Promise<TrainerError> {
  const thrown = await work.then(
    (value) => ({ value }),
    (error: unknown) => error,
  );
  expect(thrown).toBeInstanceOf(TrainerError);
  return thrown as TrainerError;
}

test("an adapter is made, answers, is scored, learns, and tells what it learned", async () => {
  const { url } = await startTrainer();
  const trainer = client(url);
  const loraId = await trainer.init({ loraId: "eval/no_emoji", baseModel: "Qwen/Qwen3-8B" });
  expect(loraId).toBe("eval/no_emoji-init");
  expect(await trainer.updates(loraId)).toEqual({ count: 0, last: null });
  const model = trainer.modelOf(loraId);
  const answer = await model.complete({ ...asked, topLogprobs: 20 });
  expect(answer.finishReason).toBe("stop");
  expect(answer.tokens?.map(({ text }) => text).join("")).toContain("tides");
  expect(answer.tokens?.every(({ top, logprob }) => top.length === 20 && top[0] === logprob)).toBe(true);
  expect((await model.complete(asked)).tokens).toBeNull();
  const before = await model.score(question, "Tides are slow.");
  const samples = [{ prompt: "Tell me about tides.", response: answer.text }];
  const feedback = "Please, no emoji.";
  const told = await trainer.feedback({ loraId, samples, feedback, training }, never);
  expect(Object.keys(told.metrics)).toEqual(["distill_loss", "kl_reg", "mean_is_ratio", "clip_fraction"]);
  expect(told.trainedTokens).toBe(answer.tokens?.length);
  expect(await trainer.updates(loraId)).toEqual({ count: 1, last: told });
  const after = await model.score(question, "Tides are slow.");
  expect(after?.tokens).toBe(before?.tokens);
  expect(after?.logprob).toBeGreaterThan(before?.logprob ?? 0);
});

test("a fresh adapter in mode tinker is not answered by the one that learned before it", async () => {
  const { url } = await startTrainer({ mode: "tinker" });
  const trainer = client(url, { mode: "tinker" });
  const first = await trainer.init({ loraId: "eval/no_emoji", baseModel: "Qwen/Qwen3-8B" });
  const untaught = await trainer.modelOf(first).score(question, "Hello.");
  const { text: response } = await trainer.modelOf(first).complete(asked);
  const samples = [{ prompt: "Tell me about tides.", response }];
  const told = await trainer.feedback({ loraId: first, samples, feedback: "no emoji", training }, never);
  expect(Object.keys(told.metrics)).toContain("adv_abs_mean_raw");
  expect(await trainer.modelOf(first).score(question, "Hello.")).not.toEqual(untaught);
  const second = await trainer.init({ loraId: "eval/concise", baseModel: "Qwen/Qwen3-8B" });
  expect(await trainer.modelOf(second).score(question, "Hello.")).toEqual(untaught);
});

test("names of adapters are those that the service serves", () => {
  const names = ["eval/no_emoji-init", "/a b//c/", "ü", "--", "x.y_z-1"].map(modelName);
  expect(names).toEqual(["eval-no_emoji-init", "a-b-c", "lora", "lora", "x.y_z-1"]);
});

test("the text of a wrong base model is shown as the server wrote it, with what to do", async () => {
  const text =
    "base_model 'gpt-2' is not allowed for initialization. Allowed models: Qwen/Qwen3-30B-A3B, Qwen/Qwen3-8B";
  const { url } = await startTrainer();
  const error = await refusal(client(url).init({ loraId: "x", baseModel: "gpt-2" }));
  expect(error.status).toBe(403);
  expect(error.body).toBe(JSON.stringify({ detail: text }));
  expect(error.message).toContain(`with status 403 and said: ${text}. Set base_model to a name`);
  const tinker = await startTrainer({ mode: "tinker" });
  const refused = await refusal(client(tinker.url).init({ loraId: "x", baseModel: "Qwen/Qwen3-Coder" }));
  expect(refused.message).toContain("status 400 and said: base_model 'Qwen/Qwen3-Coder' is not supported");
});

test("feedback on an answer that the trainer never gave says why", async () => {
  const { url } = await startTrainer();
  const trainer = client(url);
  const loraId = await trainer.init({ loraId: "x", baseModel: "Qwen/Qwen3-8B" });
  const samples = [{ prompt: "p", response: "never said" }];
  const error = await refusal(trainer.feedback({ loraId, samples, feedback: "f", training }, never));
  expect(error.status).toBe(404);
  expect(error.message).toMatch(
    /No cached completion for content_hash=[0-9a-f]{16}… Feedback is taken only on/,
  );
});

test.each([
  [400, "This model's maximum context length is 4096 tokens.", /4096 tokens\.$/],
  [307, "", /sends requests on to another address/],
])("what is advised fits what was asked: status %i, %s", async (status, detail, words) => {
  const error = await refusal(
    client(await saying({ detail }, status))
      .modelOf("x")
      .complete(asked),
  );
  expect(error.message).toMatch(words);
});

test.each([{}, { lora_id: "x" }, { status: null, distill_result: null }])(
  "an answer that says nothing of an update is none: %o",
  async (said) => {
    const batch = { loraId: "x", samples: [], feedback: "f", training };
    const error = await refusal(client(await saying(said)).feedback(batch, never));
    expect(error.message).toContain("it says nothing of an update");
  },
);

const answeredBy = async (model: string | undefined) =>
  client(await saying({ ...content("hi"), model }))
    .modelOf("eval/concise-init")
    .complete(asked);

test.each(["eval-concise-init", "openai/eval-concise-init", "Eval-Concise-Init", "default", "", undefined])(
  "an answer of the model %o may be one of eval/concise-init",
  async (model) => {
    expect(await answeredBy(model)).toEqual({ text: "hi", finishReason: "stop", tokens: null });
  },
);

test.each(["Qwen/Qwen3-8B", "eval-concise-2"])("an answer of the model %o is another's", async (model) => {
  const { message } = await refusal(answeredBy(model));
  expect(message).toContain(`answer of ${model}, and eval-concise-init was asked`);
});

test("no message, body or name holds a secret, also where the server repeats it", async () => {
  const secret = "tml-very-secret-0123456789";
  const url = await lying((request, response) => {
    request.resume();
    response.writeHead(401).end(JSON.stringify({ detail: `wrong key ${request.headers.authorization}` }));
  });
  const name = url.replace("http://", "http://user:pass@");
  const trainer = client(url, { name, headers: { authorization: `Bearer ${secret}` } });
  const error = await refusal(trainer.init({ loraId: "x", baseModel: "y" }));
  expect(error.message).toContain(`The trainer at ${url} answered`);
  expect(error.message).toContain("wrong key (secret)");
  expect(`${error.message}${error.body}${error.stack}`).not.toContain(secret);
  const bare = await saying({ detail: `no such key: ${secret}` }, 403);
  const keyed = client(bare, { headers: { authorization: `Bearer ${secret}` } });
  expect(
    (await refusal(keyed.updates("x").then(async () => await keyed.init({ loraId: "x", baseModel: "y" }))))
      .message,
  ).not.toContain(secret);
  const other = client(await saying(`"the key is ${secret}"`, 500), { secrets: [secret] });
  expect((await refusal(other.modelOf("x").complete(asked))).message).not.toContain(secret);
});

test("a trainer that is away, silent or gone in the middle is an error that says which", async () => {
  const gone = await lying((request) => request.socket.destroy());
  expect((await refusal(client(gone).modelOf("x").complete(asked))).message).toMatch(
    /could not be asked POST .*Is it running/,
  );
  const silent = await lying((request) => void request.resume());
  const hurried = client(silent, { seconds: { chat: 0.05 } });
  expect((await refusal(hurried.modelOf("x").complete(asked))).message).toContain("within 0.05 s");
  const stop = new AbortController();
  const reason = new Error("stopped by the user");
  const waiting = client(silent, { signal: stop.signal }).modelOf("x").complete(asked);
  stop.abort(reason);
  await expect(waiting).rejects.toBe(reason);
  const batch = { loraId: "x", samples: [], feedback: "", training };
  await expect(client(silent).feedback(batch, stop.signal)).rejects.toBe(reason);
});

const content = (text: unknown) => ({
  choices: [{ index: 0, message: { role: "assistant", content: text }, finish_reason: "stop" }],
});
const withLogprobs = (logprobs: unknown) => ({
  choices: [{ index: 0, message: { content: "a" }, finish_reason: "stop", logprobs }],
});
const tokenList = (...values: readonly unknown[]) => ({
  content: values.map((logprob) => ({ token: "a", logprob, top_logprobs: [{ token: "a", logprob }] })),
});

test.each([
  ["in one piece", content("hi"), { text: "hi", finishReason: "stop", tokens: null }],
  ["an empty text, which is an answer", content(""), { text: "", finishReason: "stop", tokens: null }],
  ["parts", content([{ type: "text", text: "hi" }]), { text: "hi" }],
  [
    "without a finish reason",
    { choices: [{ message: { content: "hi" } }] },
    { text: "hi", finishReason: null },
  ],
  [
    "a stream",
    'data: {"choices":[{"delta":{"content":"h"}}]}\n\ndata: {"choices":[{"delta":{"content":"i"},"finish_reason":"stop"}]}\n\ndata: [DONE]\n\n',
    { text: "hi", finishReason: "stop" },
  ],
  [
    "logprobs of a stream",
    `data: ${JSON.stringify({ choices: [{ delta: { content: "h" }, logprobs: tokenList(-1) }] })}\n\ndata: ${JSON.stringify({ choices: [{ delta: { content: "i" }, logprobs: tokenList(-2), finish_reason: "stop" }] })}\n\ndata: [DONE]\n\n`,
    {
      tokens: [
        { text: "a", logprob: -1, top: [-1] },
        { text: "a", logprob: -2, top: [-2] },
      ],
    },
  ],
  [
    "the older form",
    withLogprobs({ tokens: ["a"], token_logprobs: [-0.5], top_logprobs: [{ a: -0.5, b: -1 }] }),
    { tokens: [{ text: "a", logprob: -0.5, top: [-0.5, -1] }] },
  ],
  ["null in place of them", withLogprobs(null), { tokens: null }],
  ["an empty list of them", withLogprobs({ content: [] }), { tokens: null }],
  ["one that is missing", withLogprobs(tokenList(-1, null)), { tokens: null }],
  [
    "NaN, as Python writes it",
    JSON.stringify(withLogprobs(tokenList(-1, 77))).replaceAll("77", "NaN"),
    { tokens: null },
  ],
  [
    "minus infinity among the alternatives",
    JSON.stringify(
      withLogprobs({
        content: [{ token: "a", logprob: -1, top_logprobs: [{ logprob: -1 }, { logprob: 77 }] }],
      }),
    ).replaceAll("77", "-Infinity"),
    { tokens: [{ text: "a", logprob: -1, top: [-1] }] },
  ],
])("an answer is read: %s", async (_, body, expected) => {
  expect(
    await client(await saying(body))
      .modelOf("x")
      .complete(asked),
  ).toMatchObject(expected);
});

test.each([
  ["cut JSON", '{"choices": [{"mess', "no answer of a model"],
  ["a page", "<html>busy</html>", "no answer of a model"],
  ["nothing", "", "no answer of a model"],
  [
    "an error with status 200",
    { error: { message: "out of memory" } },
    `carries an error: {"error":{"message":"out of memory"}}`,
  ],
  ["no choices", { choices: [] }, "no text"],
  ["no text", content(null), "no text"],
  ["a stream that broke", 'data: {"choices":[{"delta":{"content":"h"}}]}\n\n', "ended without [DONE]"],
  ["given up", { choices: [{ message: { content: "h" }, finish_reason: "abort" }] }, "was given up"],
  ["a probability above 1", withLogprobs(tokenList(-1, 0.7)), "log-probability 0.7, which is above 0"],
])("an answer that cannot be used is refused: %s", async (_, body, why) => {
  const error = await refusal(
    client(await saying(body))
      .modelOf("x")
      .complete(asked),
  );
  expect(error.message).toContain(why);
  expect(error.status).toBe(200);
});

test.each([
  [
    "logprobs and their sum",
    { logprobs: [-1, -2.5], logprob_sum: -3.5, completion_tokens: 2 },
    { logprob: -3.5, tokens: 2 },
  ],
  ["no sum", { logprobs: [-1, -2] }, { logprob: -3, tokens: 2 }],
  ["a sum alone", { logprob_sum: -4, completion_tokens: 3 }, { logprob: -4, tokens: 3 }],
  ["neither", { tokens: ["a"] }, null],
  ["null in both", { logprobs: null, logprob_sum: null }, null],
  ["a value that is missing", { logprobs: [-1, null], logprob_sum: -1 }, null],
  ["no token at all, with the sum 0", { logprobs: [], logprob_sum: 0, completion_tokens: 0 }, null],
])("a score is read, and absent is not zero: %s", async (_, body, expected) => {
  expect(
    await client(await saying(body))
      .modelOf("x")
      .score(question, "text"),
  ).toEqual(expected);
});

test.each([
  [{ logprobs: [-1, -2], logprob_sum: -30 }, "logprob_sum -30 is not the sum of its logprobs, -3"],
  [{ logprobs: [-1, 3], logprob_sum: 2 }, "log-probability 3, which is above 0"],
  [{ logprob_sum: 5 }, "logprob_sum 5 is above 0"],
  ["[1, 2]", "no JSON object"],
])("a score that cannot be is refused: %j", async (body, why) => {
  const error = await refusal(
    client(await saying(body))
      .modelOf("x")
      .score(question, "text"),
  );
  expect(error.message).toContain(why);
});

test("a server without an endpoint for scores gives none, and one that does not know the model fails", async () => {
  const score = async (body: unknown, status: number) =>
    await client(await saying(body, status))
      .modelOf("x")
      .score(question, "text");
  expect(await score({ detail: "Not Found" }, 404)).toBeNull();
  expect(await score("<html>404</html>", 404)).toBeNull();
  expect(await score({ detail: "Method Not Allowed" }, 405)).toBeNull();
  expect((await refusal(score({ detail: "model x not found" }, 404))).message).toContain("model x not found");
  expect((await refusal(score("Internal Server Error", 500))).status).toBe(500);
});

test.each([
  [
    "numbers of another engine",
    { status: "ok", distill_result: { metadata: { loss: 0.5, note: "x" } } },
    { metrics: { loss: 0.5 }, trainedTokens: null },
  ],
  [
    "some of the known ones",
    { distill_result: { metadata: { distill_loss: 1, grad_norm: 2, tokens_processed: 7 } } },
    {
      metrics: { distill_loss: 1, kl_reg: null, mean_is_ratio: null, clip_fraction: null },
      trainedTokens: 7,
    },
  ],
  ["no result", { status: "ok", distill_result: null }, { metrics: {}, trainedTokens: null }],
])("what a trainer tells of an update: %s", async (_, body, expected) => {
  const batch = { loraId: "x", samples: [], feedback: "f", training };
  expect(await client(await saying(body)).feedback(batch, never)).toEqual(expected);
});

test("a trainer that does not count its updates gives null; one that lost the adapter is an error", async () => {
  expect(await client(await saying({ detail: "Not Found" }, 404)).updates("x")).toBeNull();
  expect(await client(await saying("<html>hello</html>")).updates("x")).toBeNull();
  const { url } = await startTrainer();
  expect((await refusal(client(url).updates("x"))).message).toContain("it has no adapter x");
});

test("an init that names no adapter is refused", async () => {
  const error = await refusal(client(await saying({ lora_id: "" })).init({ loraId: "x", baseModel: "y" }));
  expect(error.message).toContain("its answer names no lora_id");
});

test("what is sent is what CLaaS' own evaluation sends, with a seed beside it", async () => {
  const sent: { readonly path: string | undefined; readonly body: unknown; readonly key: unknown }[] = [];
  const url = await lying((request, response) => {
    void json(request).then((body) => {
      sent.push({ path: request.url, body, key: request.headers["x-key"] });
      response.end(
        JSON.stringify({
          status: "ok",
          lora_id: "a/b",
          logprobs: [-1],
          choices: [{ message: { content: "x" } }],
        }),
      );
    });
  });
  const trainer = client(url, { headers: { "x-key": "0123456789" } });
  await trainer.init({ loraId: "a/b", baseModel: "m" });
  await trainer.modelOf("a/b").complete({ ...asked, topLogprobs: 20, seed: 3 });
  await trainer.modelOf("a/b").complete(asked);
  await trainer.modelOf("a/b").score(question, "text");
  const samples = [{ prompt: "p", response: "r" }];
  await trainer.feedback({ loraId: "a/b", samples, feedback: "f", training }, never);
  const chat = { model: "a-b", messages: question, temperature: 0, max_tokens: 2048 };
  const item = { lora_id: "a/b", prompt: "p", response: "r", feedback: "f", training };
  expect(sent).toEqual(
    [
      { path: "/v1/lora/init", body: { lora_id: "a/b", base_model: "m" } },
      { path: "/v1/chat/completions", body: { ...chat, seed: 3, logprobs: true, top_logprobs: 20 } },
      { path: "/v1/chat/completions", body: chat },
      { path: "/v1/score", body: { model: "a-b", messages: question, completion: "text" } },
      {
        path: "/v1/feedback",
        body: { requests: [item], orchestration: { sleep_before: false, wake_after: false } },
      },
    ].map((one) => ({ ...one, key: "0123456789" })),
  );
});
