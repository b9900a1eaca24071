import { brotliCompressSync, deflateSync, gzipSync, zstdCompressSync } from "node:zlib";
import { expect, test } from "vitest";
import { ChatClient, type ChatRequest } from "../../../bench/agent/model/chat-client.ts";
import { ModelError } from "../../../bench/agent/model/model-error.ts";
import { answerJson, answerStream, eventsOf, startEndpoint, type Script } from "./scripted-endpoint.ts";

/** Asks an endpoint that plays `script` once; says what came back or was thrown, and what the endpoint saw. */
async function ask(script: Script, changes: Partial<ChatRequest> = {}) {
  await using endpoint = await startEndpoint(script);
  await using client = new ChatClient();
  const request: ChatRequest = {
    endpoint: endpoint.endpoint,
    headers: { "x-tollgate-request": "r1" },
    messages: [
      { role: "system", content: "Be brief. 数" },
      { role: "user", content: "hi" },
    ],
    toolsJson: '[{"type":"function","function":{"name":"f","parameters":{"default":2.0}}}]',
    sampling: { temperature: 0, seed: 7 },
    stream: false,
    timeoutMs: 10_000,
    signal: new AbortController().signal,
    ...changes,
  };
  const outcome: unknown = await client.complete(request).catch((error: unknown) => error);
  return { outcome, seen: endpoint.seen };
}

const call = { id: "call_1", name: "f", arguments: '{"b": 2.0, "1":1,\n"a":"数\\u2028"}' };
const usage = { promptTokens: 10, completionTokens: 30, cachedTokens: 4 };

test("a request carries identity, sampling, and the tools' own text", async () => {
  const { seen } = await ask((response) => answerJson(response, { content: "yo" }));
  expect(seen).toHaveLength(1);
  expect(seen[0]).toMatchObject({
    path: "/v1/chat/completions",
    headers: {
      authorization: "Bearer key-1",
      "content-type": "application/json",
      "x-tollgate-episode": "e1",
      "x-tollgate-request": "r1",
    },
    body:
      '{"model":"scripted","messages":[{"role":"system","content":"Be brief. 数"},{"role":"user","content":"hi"}],' +
      '"tools":[{"type":"function","function":{"name":"f","parameters":{"default":2.0}}}],"tool_choice":"auto",' +
      '"temperature":0,"seed":7,"stream":false}',
  });
});

test("without tools neither tools nor a tool choice are sent; a stream asks for usage", async () => {
  const { seen } = await ask((response) => answerStream(response, { content: "yo" }), {
    toolsJson: null,
    stream: true,
  });
  expect(JSON.parse(seen[0]!.body)).toEqual({
    model: "scripted",
    messages: expect.any(Array),
    temperature: 0,
    seed: 7,
    stream: true,
    stream_options: { include_usage: true },
  });
});

test.for([false, true])("text and argument texts come back as they are (stream: %s)", async (stream) => {
  const answer = stream ? answerStream : answerJson;
  const text = await ask((response) => answer(response, { content: "Grüß 数 dich" }), { stream });
  expect(text.outcome).toEqual({ content: "Grüß 数 dich", toolCalls: null, finishReason: "stop", usage });
  const calls = await ask((response) => answer(response, { calls: [call, { ...call, id: "call_2" }] }), {
    stream,
  });
  expect(calls.outcome).toEqual({
    content: null,
    toolCalls: [call, { ...call, id: "call_2" }],
    finishReason: "tool_calls",
    usage,
  });
});

test("a stream cut at any byte, also inside a character, is read the same", async () => {
  const bytes = Buffer.from(`${eventsOf({ content: "数学" }).join("")}data: [DONE]\n\n`);
  const { outcome } = await ask(
    (response) => {
      const write = (at: number): void => {
        if (at >= bytes.length) response.end();
        else response.write(bytes.subarray(at, at + 7), () => write(at + 7));
      };
      write(0);
    },
    { stream: true },
  );
  expect(outcome).toMatchObject({ content: "数学", usage });
});

test.each([
  ["gzip", gzipSync],
  ["x-gzip", gzipSync],
  ["deflate", deflateSync],
  ["br", brotliCompressSync],
  ["zstd", zstdCompressSync],
  ["gzip, br", (body: Buffer) => brotliCompressSync(gzipSync(body))],
  ["identity", (body: Buffer) => body],
  ["none-that-is-known", (body: Buffer) => body],
] as const)("an answer that nobody asked to be encoded as %s is read", async (encoding, encode) => {
  const events = Buffer.from(eventsOf({ content: "数 yo" }).join(""));
  const { outcome } = await ask((response) => {
    response.writeHead(200, { "content-type": "text/event-stream", "content-encoding": encoding });
    response.end(encode(events));
  });
  expect(outcome).toMatchObject({ content: "数 yo" });
});

test("an answer that is not encoded as it says, or whose code is cut, has broken off", async () => {
  for (const body of [Buffer.from("data: {}\n\n"), gzipSync("data: {}\n\n").subarray(0, -9)]) {
    const { outcome } = await ask((response) => {
      response.writeHead(200, { "content-encoding": "gzip" });
      response.end(body);
    });
    expect(outcome).toBeInstanceOf(ModelError);
    expect((outcome as ModelError).message).toMatch(/broke off: (incorrect header|unexpected end)/);
  }
});

test("another status is an error with status and body, and nothing is retried", async () => {
  const { outcome, seen } = await ask((response) => {
    response.statusCode = 503;
    response.end(`no capacity ${"x".repeat(2_000)}`);
  });
  expect(outcome).toBeInstanceOf(ModelError);
  const { message } = outcome as Error;
  expect(message).toMatch(/chat\/completions answered with status 503: no capacity x{488}$/);
  expect(seen).toHaveLength(1);
});

const brokenStreams: readonly { readonly name: string; readonly says: RegExp; readonly script: Script }[] = [
  {
    name: "ends without [DONE]",
    says: /ended without \[DONE\]/,
    script: (response) => response.end(eventsOf({ content: "half" }).slice(0, 3).join("")),
  },
  {
    name: "is cut by the peer",
    says: /broke off/,
    script: (response) => {
      response.write(eventsOf({ content: "half" })[0]);
      setTimeout(() => response.destroy(), 30);
    },
  },
  {
    name: "carries an error",
    says: /carries an error: \{"error":\{"message":"too long"/,
    script: (response) => response.end('data: {"error":{"message":"too long"}}\n\ndata: [DONE]\n\n'),
  },
  {
    name: "carries no JSON",
    says: /no JSON object: \{"choices"/,
    script: (response) => response.end('data: {"choices"\n\ndata: [DONE]\n\n'),
  },
  {
    name: "was given up by the engine",
    says: /given up, with finish reason abort/,
    script: (response) =>
      response.end(
        'data: {"choices":[{"delta":{"content":"a"},"finish_reason":"abort"}]}\n\ndata: [DONE]\n\n',
      ),
  },
  {
    name: "has a call that cannot be read",
    says: /cannot be read in 1 of its parts, the first: tool_calls is find/,
    script: (response) =>
      response.end('data: {"choices":[{"delta":{"tool_calls":"find"},"finish_reason":"tool_calls"}]}\n\n'),
  },
  {
    name: "is empty",
    says: /ended without a finish reason/,
    script: (response) => response.end("data: [DONE]\n\n"),
  },
];

test.for(brokenStreams)("a stream that $name is an error", async ({ says, script }) => {
  const { outcome } = await ask(script, { stream: true });
  expect(outcome).toBeInstanceOf(ModelError);
  expect((outcome as Error).message).toMatch(says);
});

test("a page that is no completion is an error that quotes it", async () => {
  const { outcome } = await ask((response) => response.end("<html>proxy</html>"));
  expect(outcome).toBeInstanceOf(ModelError);
  expect((outcome as Error).message).toMatch(/no JSON object: <html>proxy/);
});

test("a silent server and a stalled stream meet the deadline", async () => {
  const silent = await ask(() => undefined, { timeoutMs: 100 });
  expect(silent.outcome).toBeInstanceOf(ModelError);
  const stalled = await ask((response) => response.write("data: {}\n\n"), { timeoutMs: 100, stream: true });
  expect(stalled.outcome).toBeInstanceOf(ModelError);
  expect((stalled.outcome as Error).message).toMatch(/did not finish within 100 ms/);
});

test("the caller's abort comes back as the caller's own reason", async () => {
  const controller = new AbortController();
  const reason = new Error("enough");
  const { outcome } = await ask(() => setTimeout(() => controller.abort(reason), 20), {
    signal: controller.signal,
  });
  expect(outcome).toBe(reason);
});

test("an endpoint that is gone is a connection error", async () => {
  const gone = await startEndpoint(() => undefined);
  await gone[Symbol.asyncDispose]();
  const { outcome } = await ask(() => undefined, { endpoint: gone.endpoint });
  expect(outcome).toBeInstanceOf(ModelError);
  expect((outcome as Error).message).toMatch(/could not be reached: .*ECONNREFUSED/);
});

test("many requests at once never wait for each other inside the client", async () => {
  const waiting: (() => void)[] = [];
  const everybody = 64;
  await using endpoint = await startEndpoint((response) => {
    waiting.push(() => answerJson(response, { content: "yo" }));
    // Nobody is answered before all have arrived.
    if (waiting.length === everybody) for (const answer of waiting) answer();
  });
  await using client = new ChatClient();
  const request = {
    endpoint: endpoint.endpoint,
    headers: {},
    messages: [],
    toolsJson: null,
    sampling: {},
    stream: false,
    timeoutMs: 10_000,
    signal: new AbortController().signal,
  };
  const answers = await Promise.all(Array.from({ length: everybody }, () => client.complete(request)));
  expect(answers.filter(({ content }) => content === "yo")).toHaveLength(everybody);
});
