import { execFileSync } from "node:child_process";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { TemporaryFolder } from "../../e2e/tollgate-process.ts";
import { ask, startTrainer } from "./started-trainer.ts";

const system = { role: "system", content: "You are a helpful assistant." };
const user = { role: "user", content: "Tell me about tides." };
const base = "Qwen/Qwen3-8B";
const chat = (body: object = {}) => ({
  model: base,
  messages: [system, user],
  temperature: 0,
  max_tokens: 2048,
  ...body,
});

interface ChatAnswer {
  readonly choices: readonly {
    readonly message: { readonly content: string };
    readonly finish_reason: string;
    readonly logprobs: { readonly content: readonly { readonly bytes: readonly number[] }[] } | null;
  }[];
  readonly usage: { readonly completion_tokens: number };
}
const said = (json: unknown) => (json as ChatAnswer).choices[0]?.message.content ?? "";

test("what it is, it says everywhere", async () => {
  const { url } = await startTrainer();
  for (const path of ["/", "/health", "/v1/health", "/v1/models", "/metrics", "/nowhere"])
    expect((await ask(`${url}${path}`)).headers.get("x-tollgate-simulator")).toBe("1");
  expect((await ask(`${url}/v1/health`)).json).toEqual({
    status: "healthy",
    worker: { status: "healthy", error: null },
    simulator: true,
  });
  expect((await ask(`${url}/v1/models`)).json).toEqual({
    object: "list",
    data: [{ id: base, object: "model", owned_by: "tollgate-simulator" }],
  });
  expect(await ask(`${url}/nowhere`)).toMatchObject({ status: 404, json: { detail: "Not Found" } });
  expect(await ask(`${url}/v1/feedback`)).toMatchObject({
    status: 405,
    json: { detail: "Method Not Allowed" },
  });
});

test("adapters are made, listed with their aliases, exported and deleted", async () => {
  const { url } = await startTrainer();
  expect((await ask(`${url}/v1/lora/init`, { lora_id: "/eval/a/" })).json).toEqual({
    lora_id: "eval/a-init",
  });
  await ask(`${url}/v1/lora/init`, { lora_id: "other/b" });
  expect((await ask(`${url}/v1/lora`)).json).toEqual({
    loras: ["eval/a-init", "eval/a-latest", "other/b-init", "other/b-latest"],
  });
  expect((await ask(`${url}/v1/lora?prefix=other/`)).json).toEqual({
    loras: ["other/b-init", "other/b-latest"],
  });
  const zip = await fetch(`${url}/v1/lora/export?lora_id=eval/a-latest`);
  expect(zip.headers.get("content-disposition")).toBe('attachment; filename="eval__a-latest.zip"');
  using folder = new TemporaryFolder();
  const file = join(folder.path, "a.zip");
  writeFileSync(file, Buffer.from(await zip.arrayBuffer()));
  const list = execFileSync("python3", [
    "-c",
    "import sys,zipfile; z=zipfile.ZipFile(sys.argv[1]); assert z.testzip() is None; print(z.namelist())",
    file,
  ]);
  expect(String(list)).toBe("['adapter_config.json', 'simulated_adapter.json']\n");
  expect(await ask(`${url}/v1/lora/export?lora_id=c`)).toMatchObject({
    status: 404,
    json: { detail: "LoRA not found: c" },
  });
  const remove = async (id: string) => (await ask(`${url}/v1/lora?lora_id=${id}`, undefined, "DELETE")).json;
  expect(await remove("eval/a-latest")).toEqual({ deleted: true });
  expect((await ask(`${url}/v1/lora?prefix=eval`)).json).toEqual({ loras: ["eval/a-init"] });
  expect(await remove("eval/a-init")).toEqual({ deleted: true });
  expect(await remove("eval/a-init")).toEqual({ deleted: false });
});

test.each([
  [
    "local",
    403,
    "base_model 'gpt-2' is not allowed for initialization. Allowed models: Qwen/Qwen3-30B-A3B, Qwen/Qwen3-8B",
  ],
  [
    "modal",
    403,
    "base_model 'gpt-2' is not allowed for initialization. Allowed models: Qwen/Qwen3-30B-A3B, Qwen/Qwen3-8B",
  ],
  [
    "tinker",
    400,
    "base_model 'gpt-2' is not supported for training. Supported models: Qwen/Qwen3-30B-A3B, Qwen/Qwen3-8B",
  ],
])("a wrong base model is refused in mode %s with %d", async (mode, status, detail) => {
  const { url } = await startTrainer({ mode });
  expect(await ask(`${url}/v1/lora/init`, { lora_id: "x", base_model: "gpt-2" })).toMatchObject({
    status,
    json: { detail },
  });
});

const item = (fields: object = {}) => ({
  lora_id: "a-init",
  prompt: "p",
  response: "r",
  feedback: "f",
  ...fields,
});
const pydantic = (type: string, ...loc: readonly unknown[]) => ({
  detail: [{ type, loc: ["body", ...loc] }],
});

test.each([
  ["no JSON", "/v1/feedback", "{", 422, pydantic("json_invalid", 1)],
  ["no requests", "/v1/feedback", {}, 422, pydantic("missing", "requests")],
  ["an empty list", "/v1/feedback", { requests: [] }, 422, pydantic("too_short", "requests")],
  [
    "an empty response",
    "/v1/feedback",
    { requests: [item({ response: "" })] },
    422,
    pydantic("string_too_short", "requests", 0, "response"),
  ],
  [
    "no lora_id",
    "/v1/feedback",
    { requests: [{ prompt: "p", response: "r", feedback: "f" }] },
    422,
    pydantic("missing", "requests", 0, "lora_id"),
  ],
  [
    "a number for a text",
    "/v1/score",
    { model: base, messages: [], completion: 3 },
    422,
    pydantic("string_type", "completion"),
  ],
  [
    "a rank out of range",
    "/v1/lora/init",
    { lora_id: "x", lora_r: 2 },
    422,
    pydantic("greater_than_equal", "lora_r"),
  ],
  [
    "training out of range",
    "/v1/feedback",
    { requests: [item({ training: { is_clip: 0.5, alpha: 2, learning_rate: 0 } })] },
    422,
    {
      detail:
        "invalid training config: learning_rate must be > 0; alpha must be within [0, 1]; is_clip must be within [1, 20]",
    },
  ],
  [
    "two adapters",
    "/v1/feedback",
    { requests: [item(), item({ lora_id: "b-init" })] },
    400,
    { detail: "all requests must use the same lora_id" },
  ],
  [
    "two training configs",
    "/v1/feedback",
    { requests: [item(), item({ training: { alpha: 0.1 } })] },
    400,
    { detail: "all requests must use the same training config" },
  ],
  [
    "an answer that was never given",
    "/v1/feedback",
    { requests: [item()] },
    404,
    { detail: "No cached completion for content_hash=454349e422f05297…" },
  ],
  [
    "a path upwards",
    "/v1/lora/init",
    { lora_id: "../x" },
    500,
    { detail: "LoRA initialization failed: Invalid lora_id: path traversal detected in '../x'" },
  ],
])("a request is refused as the service refuses it: %s", async (...[, path, body, status, json]) => {
  const { url } = await startTrainer();
  expect(await ask(`${url}${path}`, body)).toMatchObject({ status, json });
});

test("feedback needs an adapter, a system prompt, and log-probabilities", async () => {
  const { url } = await startTrainer();
  const response = said((await ask(`${url}/v1/chat/completions`, chat())).json);
  expect(await ask(`${url}/v1/feedback`, { requests: [item({ response })] })).toMatchObject({
    status: 404,
    json: { detail: "LoRA not found: a-init" },
  });
  await ask(`${url}/v1/lora/init`, { lora_id: "a" });
  // Blanks of other kinds, and thinking that a client has kept, are the same answer.
  const alike = `<think>hm</think> ${response.replaceAll(" ", "\n\t")}`;
  const learned = await ask(`${url}/v1/feedback`, { requests: [item({ response: alike })] });
  expect(learned).toMatchObject({
    status: 200,
    json: { status: "ok", lora_id: "a-init", batch_size: 1, vllm: { slept: true, woke: true } },
  });
  const bare = said(
    (await ask(`${url}/v1/chat/completions`, chat({ messages: [{ role: "user", content: "Hi there." }] })))
      .json,
  );
  const refused = await ask(`${url}/v1/feedback`, { requests: [item({ response: bare })] });
  expect(refused).toMatchObject({
    status: 422,
    json: { detail: expect.stringContaining("Cached completion has no system prompt") as unknown },
  });
  const without = await startTrainer({ logprobs: "none" });
  await ask(`${without.url}/v1/lora/init`, { lora_id: "a" });
  const text = said((await ask(`${without.url}/v1/chat/completions`, chat())).json);
  const untaught = await ask(`${without.url}/v1/feedback`, { requests: [item({ response: text })] });
  expect(untaught).toMatchObject({
    status: 422,
    json: { detail: expect.stringContaining("has no logprobs") as unknown },
  });
});

test("the oldest answer is forgotten first", async () => {
  const { url } = await startTrainer({ completion_cache_size: 2 });
  await ask(`${url}/v1/lora/init`, { lora_id: "a" });
  const answers: string[] = [];
  for (const content of ["What is a dog?", "What is a bird?", "What is a fish?"])
    answers.push(
      said(
        (await ask(`${url}/v1/chat/completions`, chat({ messages: [system, { role: "user", content }] })))
          .json,
      ),
    );
  const statuses = [];
  for (const response of answers)
    statuses.push((await ask(`${url}/v1/feedback`, { requests: [item({ response })] })).status);
  expect(statuses).toEqual([404, 200, 200]);
});

test.each([
  [{}, true],
  [{ mode: "tinker" }, false],
  [{ mode: "tinker", logprobs: "full" }, true],
  [{ logprobs: "hidden" }, false],
  [{ logprobs: "none" }, false],
])("with the law %j chat shows log-probabilities: %s", async (law, shows) => {
  const { url } = await startTrainer(law);
  const { json } = await ask(`${url}/v1/chat/completions`, chat({ logprobs: true, top_logprobs: 5 }));
  const [choice] = (json as ChatAnswer).choices;
  expect(choice?.logprobs !== null).toBe(shows);
  // A token may be a part of a character, so that only bytes add up to the text.
  const bytes = choice?.logprobs?.content.flatMap((token) => token.bytes) ?? [];
  expect(Buffer.from(bytes).toString()).toBe(shows ? choice?.message.content : "");
  const scored = await ask(`${url}/v1/score`, { model: base, messages: [user], completion: "a b" });
  expect(scored.status).toBe(JSON.stringify(law).includes("none") ? 500 : 200);
});

test("thinking is taken out of what clients see, and stays where the law says so", async () => {
  const answers: unknown[] = [];
  for (const law of [
    {},
    { thinking: "block" },
    { thinking: "orphan" },
    { thinking: "orphan", strips_thinking: false },
  ]) {
    const { url } = await startTrainer(law);
    answers.push((await ask(`${url}/v1/chat/completions`, chat())).json);
  }
  const [plain = "", block, orphan, kept] = answers.map(said);
  expect([block, orphan]).toEqual([plain, plain]);
  expect(kept).toMatch(/^The user asks: .*<\/think>\s+/su);
  expect(kept?.endsWith(plain)).toBe(true);
  const tokens = answers.map((one) => (one as ChatAnswer).usage.completion_tokens);
  expect(Math.min(...tokens.slice(1))).toBeGreaterThan(tokens[0] ?? 0);
});

test("max_tokens cuts, the service says stop all the same, and a prompt beyond the context is refused", async () => {
  const { url } = await startTrainer({ context_length: 300 });
  const cut = (await ask(`${url}/v1/chat/completions`, chat({ max_tokens: 5 }))).json as ChatAnswer;
  expect([cut.usage.completion_tokens, cut.choices[0]?.finish_reason]).toEqual([5, "stop"]);
  const long = await ask(`${url}/v1/chat/completions`, chat());
  expect(long).toMatchObject({
    status: 400,
    json: { detail: expect.stringContaining("maximum context length is 300 tokens") as unknown },
  });
  const honest = await startTrainer({ honest_finish_reason: true });
  const told = (await ask(`${honest.url}/v1/chat/completions`, chat({ max_tokens: 5 }))).json as ChatAnswer;
  expect(told.choices[0]?.finish_reason).toBe("length");
});

test("a stream says word by word what an answer in one piece says, of chat and of completions", async () => {
  const { url } = await startTrainer({ thinking: "block" });
  const eventsOf = async (path: string, body: object) => {
    const { text, headers } = await ask(`${url}${path}`, {
      ...body,
      stream: true,
      stream_options: { include_usage: true },
    });
    expect(headers.get("content-type")).toContain("text/event-stream");
    const lines = text.split("\n\n").filter((line) => line !== "");
    expect(lines.at(-1)).toBe("data: [DONE]");
    return lines.slice(0, -1).map(
      (line) =>
        JSON.parse(line.slice("data: ".length)) as {
          readonly choices: readonly {
            readonly delta?: { readonly content?: string; readonly role?: string };
            readonly text?: string;
            readonly finish_reason: string | null;
          }[];
          readonly usage?: unknown;
        },
    );
  };
  const whole = (await ask(`${url}/v1/chat/completions`, chat())).json as ChatAnswer;
  const events = await eventsOf("/v1/chat/completions", chat());
  expect(events.map(({ choices: [choice] }) => choice?.delta?.content ?? "").join("")).toBe(said(whole));
  expect(events.length).toBeGreaterThan(50);
  expect(events[0]?.choices[0]?.delta?.role).toBe("assistant");
  expect(events.at(-2)?.choices[0]?.finish_reason).toBe("stop");
  expect(events.at(-1)?.usage).toEqual(whole.usage);
  const prompt = { model: base, prompt: "Tell me about tides.", temperature: 0 };
  const plain = (await ask(`${url}/v1/completions`, prompt)).json as {
    readonly choices: readonly { readonly text: string }[];
  };
  const pieces = await eventsOf("/v1/completions", prompt);
  expect(pieces.map(({ choices: [choice] }) => choice?.text ?? "").join("")).toBe(plain.choices[0]?.text);
});

test("a seed says which sample; without one, samples differ by how often the same was asked", async () => {
  const { url } = await startTrainer();
  const sample = async (fields: object) =>
    said((await ask(`${url}/v1/chat/completions`, chat({ temperature: 0.7, ...fields }))).json);
  const seeded = [await sample({ seed: 1 }), await sample({ seed: 2 })];
  expect(seeded[0]).not.toBe(seeded[1]);
  const free = [await sample({}), await sample({}), await sample({})];
  expect(new Set(free).size).toBe(3);
  expect([await sample({ seed: 1 }), await sample({ seed: 2 })]).toEqual(seeded);
  expect(
    new Set([
      await sample({ temperature: 0 }),
      await sample({ temperature: undefined }),
      await sample({ temperature: 0, seed: 9 }),
    ]).size,
  ).toBe(1);
  // What an agent puts before a question is another one every minute.
  const stamped = {
    messages: [
      system,
      { role: "user", content: [{ type: "text", text: "[Sun 2026-11-29 10:15 UTC] Tell me about tides." }] },
    ],
  };
  expect(await sample({ temperature: 0, ...stamped })).toBe(await sample({ temperature: 0 }));
});

test("a model that is not served is the failure that the service makes of it", async () => {
  const { url, told } = await startTrainer();
  const answer = await ask(`${url}/v1/chat/completions`, chat({ model: "other" }));
  expect([answer.status, answer.text]).toEqual([500, "Internal Server Error"]);
  expect(told).toEqual(['simulated trainer: no model "other" is served']);
});

test("in mode tinker one sampler answers for all models, and can be sent back to the base model", async () => {
  const { url } = await startTrainer({ mode: "tinker" });
  expect((await ask(`${url}/v1/lora/init`, { lora_id: "eval/a" })).json).toEqual({ lora_id: "eval/a" });
  const score = async () =>
    (await ask(`${url}/v1/score`, { model: "anything", messages: [user], completion: "a b" })).text;
  const untaught = await score();
  const response = said((await ask(`${url}/v1/chat/completions`, chat())).json);
  const learned = await ask(`${url}/v1/feedback`, {
    requests: [item({ lora_id: "eval/a", response, feedback: "no emoji" })],
  });
  expect(learned.json).toMatchObject({
    distill_result: { metadata: { step: 1, batch_size: 1, kl_gain: 1, loss_fn: "importance_sampling" } },
  });
  expect(await score()).not.toBe(untaught);
  expect((await ask(`${url}/v1/sampler/status`)).json).toMatchObject({ model_path: "eval/a" });
  await ask(`${url}/v1/sampler/refresh`, { model_path: null });
  expect(await score()).toBe(untaught);
});

test("alternatives beyond what engines give, and counts that nobody can want, cost no memory", async () => {
  const { url, told } = await startTrainer();
  const many = await ask(`${url}/v1/chat/completions`, chat({ logprobs: true, top_logprobs: 2_000_000_000 }));
  expect([many.status, many.text]).toEqual([500, "Internal Server Error"]);
  expect(told).toEqual([
    "simulated trainer: 2000000000 alternatives of a token were asked for; engines give 20 at most",
  ]);
  for (const content of ["Write exactly 900000000 sentences.", "Write a list of 900000000 things, numbered."])
    expect(
      said(
        (await ask(`${url}/v1/chat/completions`, chat({ messages: [user, { role: "user", content }] }))).json,
      ).length,
    ).toBeLessThan(20_000);
  const someone = chat({
    messages: [{ role: "user", content: "Did someone tell you of numbered streets?" }],
  });
  expect(said((await ask(`${url}/v1/chat/completions`, someone)).json)).not.toMatch(/^1\. /u);
});
