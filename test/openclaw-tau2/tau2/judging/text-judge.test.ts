import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { afterAll, beforeAll, expect, test } from "vitest";
import { JudgeRequestError } from "../../../../bench/judge/ask-judge.ts";
import { JudgeAnswerError, parseJudgeAnswer } from "../../../../openclaw-tau2/tau2/judging/judge-answer.ts";
import { judgeUserPrompt } from "../../../../openclaw-tau2/tau2/judging/judge-prompt.ts";
import { judgeEpisode, needsJudge } from "../../../../openclaw-tau2/tau2/judging/judge.ts";
import type { Tau2Message } from "../../../../openclaw-tau2/tau2/contract/domain.ts";

interface Reply {
  readonly status: number;
  readonly body: string;
}

const received: { url: string; authorization: string | undefined; body: unknown }[] = [];
let replies: Reply[] = [];
let server: Server;
let baseUrl = "";

beforeAll(async () => {
  server = createServer((request, response) => void answer(request, response));
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  baseUrl = `http://127.0.0.1:${(server.address() as AddressInfo).port}/v1`;
});

afterAll(() => {
  server.closeAllConnections();
  server.close();
});

async function answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
  let text = "";
  for await (const chunk of request) text += String(chunk);
  const { authorization } = request.headers;
  received.push({ url: request.url ?? "", authorization, body: JSON.parse(text) });
  const reply = replies.shift();
  if (reply === undefined) return;
  response.writeHead(reply.status, { "content-type": "application/json" }).end(reply.body);
}

function completion(content: string | null): Reply {
  return { status: 200, body: JSON.stringify({ choices: [{ message: { role: "assistant", content } }] }) };
}

function result(met: unknown): object {
  return { expectedOutcome: "told the price", metExpectation: met, reasoning: "it did" };
}

const messages: readonly Tau2Message[] = [
  { role: "assistant", content: "Hello", toolCalls: null },
  { role: "assistant", content: null, toolCalls: [] },
  { role: "tool", id: "1", content: "[]", requestor: "assistant", error: false },
];

function request(options: { attempts?: number; lenient?: boolean; timeoutMs?: number } = {}) {
  const endpoint = { baseUrl: `${baseUrl}/`, model: "judge", apiKey: "key" };
  const task = { nlAssertions: ["told the price"] };
  return { endpoint, systemPrompt: "Judge.", task, messages, retryDelayMs: 1, ...options };
}

test("the user prompt is tau2's: null contents and a Python list", () => {
  expect(judgeUserPrompt(messages, ["it's", 'a "b"', "\u2028x"])).toBe(
    "\n        conversation:\n        assistant: Hello\nassistant: None\ntool: []\n        \n        " +
      "expectedOutcomes:\n        [\"it's\", 'a \"b\"', '\\u2028x']\n        ",
  );
});

test("the judge is asked only for assertions that count", () => {
  expect(needsJudge({ rewardBasis: ["DB", "NL_ASSERTION"], nlAssertions: ["x"] })).toBe(true);
  expect(needsJudge({ rewardBasis: ["DB", "NL_ASSERTION"], nlAssertions: [] })).toBe(false);
  expect(needsJudge({ rewardBasis: ["DB"], nlAssertions: ["x"] })).toBe(false);
});

test("an answer is read by tau2's rules", () => {
  const parse = (met: unknown) => parseJudgeAnswer(JSON.stringify({ results: [result(met)] }))[0]?.met;
  expect([true, "yes", 1, 0, "off"].map(parse)).toEqual([true, true, true, false, false]);
  expect(parseJudgeAnswer(' {"reasoning": 1} ')).toEqual([]);
});

test.each([
  ["Sure: {}", "is not JSON"],
  ["```json\n{}\n```", "is not JSON (it is in a code fence)"],
  ["[]", "is no JSON object"],
  ['{"results": {}}', "has results that are no list"],
  ['{"results": [1]}', "has no object as result 0"],
  ['{"results": [{"expectedOutcome": "x", "metExpectation": true}]}', "has in result 0 no reasoning"],
  [JSON.stringify({ results: [result("maybe")] }), "has in result 0 a value of the wrong type"],
])("an answer that tau2 would raise on is an error: %s", (text, problem) => {
  expect(() => parseJudgeAnswer(text)).toThrow(JudgeAnswerError);
  expect(() => parseJudgeAnswer(text)).toThrow(problem);
});

test("a code fence is taken off only on request", () => {
  expect(parseJudgeAnswer('```json\n{"results": []}\n```', { lenient: true })).toEqual([]);
});

test("one episode is judged with one request at temperature 0", async () => {
  received.length = 0;
  const content = JSON.stringify({ results: [result(true)] });
  replies = [completion(content)];
  expect(await judgeEpisode(request())).toEqual({
    entries: [{ nlAssertion: "told the price", met: true, justification: "it did" }],
    met: true,
    complete: true,
    answer: content,
  });
  const user = judgeUserPrompt(messages, ["told the price"]);
  const body = {
    model: "judge",
    messages: [
      { role: "system", content: "Judge." },
      { role: "user", content: user },
    ],
    temperature: 0,
  };
  expect(received).toEqual([{ url: "/v1/chat/completions", authorization: "Bearer key", body }]);
});

test("an empty list of results counts as met, as in tau2, and is marked incomplete", async () => {
  replies = [completion('{"results": []}')];
  expect(await judgeEpisode(request())).toMatchObject({ entries: [], met: true, complete: false });
});

test("overload is tried again, refusals and unusable answers are not", async () => {
  received.length = 0;
  replies = [{ status: 503, body: "busy" }, { status: 429, body: "slow" }, completion('{"results": []}')];
  await judgeEpisode(request());
  expect(received).toHaveLength(3);

  replies = [{ status: 400, body: "no such model" }];
  await expect(judgeEpisode(request())).rejects.toMatchObject({ status: 400 });
  replies = [completion(null)];
  await expect(judgeEpisode(request())).rejects.toThrow("The judge's answer has no content");
  replies = [{ status: 200, body: "<html>" }];
  await expect(judgeEpisode(request())).rejects.toThrow("is no chat completion");
  replies = [{ status: 500, body: "broken" }];
  await expect(judgeEpisode(request({ attempts: 1 }))).rejects.toThrow("answered with status 500: broken");
});

test("a judge that never answers is an error after the deadline", async () => {
  replies = [];
  const asked = judgeEpisode(request({ attempts: 1, timeoutMs: 50 }));
  await expect(asked).rejects.toThrow(JudgeRequestError);
  await expect(asked).rejects.toThrow("did not answer within 50 ms");
});
