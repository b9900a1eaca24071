import { createServer, type IncomingMessage } from "node:http";
import type { AddressInfo } from "node:net";
import { text } from "node:stream/consumers";
import { expect, test } from "vitest";
import { attachedAnswers } from "../../../bench/feedback/loop/answers/attached-answers.ts";
import { TrainerError } from "../../../bench/feedback/trainer/trainer-error.ts";

const token = "t-9f41c0de";
const asked = { prompt: "Hello?", loraId: "eval/a", temperature: 0.7, seed: 1 };
const { signal } = new AbortController();

interface Seen {
  readonly authorization: string | undefined;
  readonly url: string | undefined;
  readonly body: unknown;
}

/** An OpenClaw that says one thing. */
async function gateway(status: number, said: string) {
  const seen: Seen[] = [];
  const server = createServer((request: IncomingMessage, response) => {
    void text(request).then((body) => {
      const { authorization } = request.headers;
      seen.push({ authorization, url: request.url, body: JSON.parse(body) });
      response.writeHead(status, { "content-type": "application/json" }).end(said);
    });
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as AddressInfo;
  return {
    url: `http://127.0.0.1:${port}`,
    seen,
    [Symbol.asyncDispose]: () => new Promise<void>((resolve) => server.close(() => resolve())),
  };
}

const answer = (content: string) =>
  JSON.stringify({ choices: [{ index: 0, message: { role: "assistant", content }, finish_reason: "stop" }] });

test("a bare user message goes to the chat endpoint, with the token", async () => {
  await using server = await gateway(200, answer(" Hi. "));
  const answers = attachedAnswers({ url: server.url, token });
  expect(await answers.answer(asked, signal)).toEqual({ text: " Hi. ", finishReason: "stop" });
  expect(server.seen).toEqual([
    {
      authorization: `Bearer ${token}`,
      url: "/v1/chat/completions",
      body: {
        model: "openclaw",
        messages: [{ role: "user", content: "Hello?" }],
        temperature: 0.7,
        max_tokens: 2048,
      },
    },
  ]);
});

test.each<{ readonly status: number; readonly said: string; readonly words: RegExp }>([
  { status: 401, said: "wrong token", words: /status 401: wrong token/ },
  { status: 401, said: `no such token: ${token}`, words: /no such token: \(secret\)/ },
  { status: 200, said: JSON.stringify({ error: { message: `no model ${token}` } }), words: /no model/ },
  { status: 200, said: "<html>", words: /gave an answer that/ },
])("status $status with $said is no answer", async ({ status, said, words }) => {
  await using server = await gateway(status, said);
  const error: unknown = await attachedAnswers({ url: server.url, token })
    .answer(asked, signal)
    .catch((thrown: unknown) => thrown);
  expect(error).toBeInstanceOf(TrainerError);
  expect(error).toMatchObject({ status, message: expect.stringMatching(words) as string });
  expect(JSON.stringify(error) + String(error)).not.toContain(token);
});

test("one that is not there has no status", async () => {
  const answers = attachedAnswers({ url: "http://127.0.0.1:9", token });
  await expect(answers.answer(asked, signal)).rejects.toMatchObject({ status: null });
});
