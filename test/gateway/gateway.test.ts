import { randomBytes, randomUUID } from "node:crypto";
import type { IncomingMessage } from "node:http";
import { Readable } from "node:stream";
import { setTimeout as sleep } from "node:timers/promises";
import { request } from "undici";
import { afterAll, afterEach, beforeAll, expect, test } from "vitest";
import { Gateway } from "../../bench/gateway/gateway.ts";
import { defaultRecording, type GatewayLimits } from "../../bench/gateway/options.ts";
import { SessionError } from "../../bench/stack/arms/session/session-error.ts";
import {
  bodyOf,
  scriptedEngine,
  streamedAnswer,
  type Answer,
  type ScriptedEngine,
} from "../tap/fixtures/scripted-engine.ts";
import { GatewaySessionClient } from "./gateway-client.ts";

const adminKey = "admin-key";
let engine: ScriptedEngine;
let answer: Answer;
const gateways: Gateway[] = [];

beforeAll(async () => {
  engine = await scriptedEngine((incoming, response) => answer(incoming, response));
});
afterAll(() => engine[Symbol.asyncDispose]());
afterEach(async () => {
  for (const gateway of gateways.splice(0)) await gateway[Symbol.asyncDispose]();
});

async function start(limits: Partial<GatewayLimits> = {}, engineUrl = engine.url) {
  const gateway = await Gateway.start(
    { ...defaultRecording, engineUrl, port: 0, adminKey, limits },
    {
      out: () => undefined,
      err: (line) => void process.stderr.write(`${line}\n`),
      pid: process.pid,
      signal: new AbortController().signal,
      randomBytes,
      randomUuid: randomUUID,
    },
  );
  gateways.push(gateway);
  const client = new GatewaySessionClient({ url: gateway.url, adminKey });
  return { url: gateway.url, client };
}

const post = async (url: string, key: string | null, body: unknown) => {
  const response = await request(url, {
    method: "POST",
    headers: key === null ? {} : { authorization: `Bearer ${key}` },
    body: typeof body === "string" ? body : JSON.stringify(body),
  });
  const text = await response.body.text();
  return { status: response.statusCode, text, json: () => JSON.parse(text) as Record<string, unknown> };
};

const messages = (...contents: string[]) => contents.map((content) => ({ role: "user", content }));
let answered = 0;
/** An engine that answers in one piece, with a new id each time. */
const whole: Answer = async (incoming, response) => {
  const { length } = await bodyOf(incoming);
  answered += 1;
  response.setHeader("content-type", "application/json").end(
    JSON.stringify({
      id: `chatcmpl-${answered}`,
      choices: [{ index: 0, message: { role: "assistant", content: "ok" }, finish_reason: "stop" }],
      usage: { prompt_tokens: length, completion_tokens: 1, prompt_tokens_details: { cached_tokens: 2 } },
    }),
  );
};

test("a session from its start to its export", async () => {
  answer = whole;
  answered = 0;
  const { url, client } = await start();
  const session = await client.startSession({ taskId: "airline-7" });
  expect(session).toEqual({
    sessionId: "airline-7-0",
    groupId: expect.stringMatching(/^grp-[0-9a-f-]{36}$/) as string,
    apiKey: expect.stringMatching(/^[A-Za-z0-9_-]{43}$/) as string,
  });
  const bodies = [messages("a"), messages("a", "ok", "b")].map((list) => ({
    model: "m",
    messages: list,
    temperature: 0,
    store: false,
  }));
  for (const body of bodies) {
    expect((await post(`${url}/v1/chat/completions`, session.apiKey, body)).status).toBe(200);
  }
  expect(await client.setReward(session, 1)).toEqual({
    interactionCount: 2,
    trajectoryId: 0,
    transition: true,
  });
  expect(await client.setReward(session, 0)).toEqual({
    interactionCount: 2,
    trajectoryId: 0,
    transition: false,
  });
  const exported = await client.exportSession(session, { discount: 0.5 });
  expect(exported?.interactions).toBe(2);
  const { traj } = JSON.parse(exported?.raw ?? "") as { traj: { interactions: Record<string, unknown>[] } };
  const timings = expect.objectContaining({
    first_token_ns: null,
    started_ns: expect.any(Number) as number,
  }) as object;
  const interaction = (at: number, reward: number, original: number | null) => ({
    interaction_id: `chatcmpl-${at + 1}`,
    request_id: expect.stringMatching(/^gateway-\d+$/) as string,
    session_id: "airline-7-0",
    trajectory_id: 0,
    request: bodies[at]?.messages,
    parameters: { model: "m", temperature: 0, store: false },
    response: expect.stringContaining(`"chatcmpl-${at + 1}"`) as string,
    reward,
    original_reward: original,
    usage: { prompt_tokens: JSON.stringify(bodies[at]).length, completion_tokens: 1, cached_tokens: 2 },
    finish_reason: "stop",
    streamed: false,
    tokens: null,
    timings,
  });
  expect(traj).toEqual({
    level: "L0",
    streaming: "true",
    tokenizer_sha256: null,
    tool_form: null,
    discount: 0.5,
    sessions: [
      {
        session_id: "airline-7-0",
        group_id: session.groupId,
        trajectory_id: 0,
        level: "L0",
        late_calls: 0,
        failed_calls: 0,
        dropped: [],
      },
    ],
    interactions: [interaction(0, 0.5, null), interaction(1, 1, 1)],
  });
  await expect(client.exportSession(session)).rejects.toMatchObject({ status: 404 });
  expect((await client.startSession({ taskId: "airline-7" })).sessionId).toBe("airline-7-0");
});

test("calls pass untouched and stream; the client's key stays here", async () => {
  const events = streamedAnswer(["a", "b"]);
  const gate = Promise.withResolvers<void>();
  let seen: { headers: IncomingMessage["headers"]; url: string | undefined; body: string } | undefined;
  answer = async (incoming, response) => {
    seen = { headers: incoming.headers, url: incoming.url, body: await bodyOf(incoming) };
    response.writeHead(200, { "content-type": "text/event-stream" });
    response.write(events.slice(0, 2).join(""));
    await gate.promise;
    response.end(events.slice(2).join(""));
  };
  const { url, client } = await start();
  const { apiKey } = await client.startSession({ taskId: "t" });
  const body = '{ "model":"m", "n": 1.0,\n"messages":[]}';
  const response = await request(`${url}/chat/completions`, {
    method: "POST",
    headers: {
      authorization: `bearer ${apiKey}`,
      "x-tollgate-request": "r1",
      traceparent: "00-0-0-00",
      "content-type": "application/json",
    },
    body,
  });
  const chunks = response.body[Symbol.asyncIterator]();
  expect(String((await chunks.next()).value)).toBe(events.slice(0, 2).join(""));
  gate.resolve();
  expect(String((await chunks.next()).value)).toBe(events.slice(2).join(""));
  expect((await chunks.next()).done).toBe(true);
  expect(seen).toEqual({
    url: "/v1/chat/completions",
    body,
    headers: {
      host: new URL(engine.url).host,
      connection: "keep-alive",
      "content-length": String(body.length),
      "content-type": "application/json",
      "x-tollgate-request": "r1",
      traceparent: "00-0-0-00",
    },
  });
});

test("keys are told apart", async () => {
  answer = whole;
  const { url, client } = await start();
  const { apiKey } = await client.startSession({ taskId: "t" });
  const chat = `${url}/v1/chat/completions`;
  const statuses = await Promise.all([
    post(`${url}/rl/start_session`, null, { task_id: "t" }),
    post(`${url}/rl/start_session`, "wrong", { task_id: "t" }),
    post(`${url}/rl/start_session`, apiKey, { task_id: "t" }),
    post(`${url}/export_trajectories`, apiKey, { session_ids: ["t-0"] }),
    post(chat, null, {}),
    post(chat, "wrong", {}),
    post(chat, adminKey, {}),
    post(`${url}/rl/set_reward`, "wrong", { reward: 1 }),
    post(`${url}/rl/set_reward`, adminKey, { reward: 1 }),
  ]);
  expect(statuses.map(({ status }) => status)).toEqual([401, 403, 403, 403, 401, 401, 200, 401, 400]);
  const { detail, error } = statuses[5]?.json() ?? {};
  expect([detail, error]).toEqual(["Unknown API key", "Unknown API key"]);
  expect((await request(`${url}/v1/models`)).statusCode).toBe(401);
});

test("what cannot be done is refused with the dialect's status", async () => {
  answer = whole;
  const { url, client } = await start();
  const admin = (path: string, body: unknown) => post(url + path, adminKey, body);
  const session = await client.startSession({ taskId: "t" });
  expect(await client.setReward(session, 1)).toBeNull();
  await post(`${url}/v1/chat/completions`, session.apiKey, { messages: [] });
  const refusals = [
    await admin("/rl/start_session", "{"),
    await admin("/rl/start_session", {}),
    await admin("/rl/start_session", { task_id: "t", api_key: session.apiKey }),
    await admin("/export_trajectories", {}),
    await admin("/export_trajectories", { session_ids: ["nosuch"] }),
    await admin("/export_trajectories", { session_ids: ["t-0"] }),
    await admin("/export_trajectories", { session_ids: ["t-0"], style: "concat" }),
    await admin("/export_trajectories", { session_ids: ["t-0"], style: "weird" }),
    await post(`${url}/rl/set_reward`, session.apiKey, { reward: 1, interaction_id: "x" }),
    await post(`${url}/rl/set_reward`, session.apiKey, { reward: "1" }),
    await admin("/rl/end_session", {}),
    await admin("/health", {}),
  ];
  expect(refusals.map(({ status, json }) => [status, json()["detail"]])).toEqual([
    [400, "Invalid JSON body"],
    [422, expect.stringContaining("task_id")],
    [409, "API key is already bound to active session t-0"],
    [400, "session_ids is required"],
    [404, "Session nosuch not found"],
    [409, "Session t-0 has no finished trajectory: no reward has been set"],
    [400, expect.stringContaining("'concat'")],
    [400, "Invalid export interactions style weird"],
    [400, "Interaction x not found"],
    [422, expect.stringContaining("reward")],
    [404, "Not Found"],
    [405, "Method Not Allowed"],
  ]);
  // Nothing to export is an ordinary end of a failed episode: the session goes.
  expect(await client.exportSession(session)).toBeNull();
  expect((await admin("/export_trajectories", { session_ids: ["t-0"] })).status).toBe(404);
});

test("a group has a session for each member, exported together", async () => {
  answer = whole;
  const { url, client } = await start();
  const group = await client.startGroup({ taskId: "g", groupSize: 3 });
  expect(group.map(({ sessionId }) => sessionId)).toEqual(["g-0", "g-1", "g-2"]);
  expect(new Set(group.map(({ groupId }) => groupId)).size).toBe(1);
  for (const [at, session] of group.entries()) {
    await post(`${url}/v1/chat/completions`, session.apiKey, { messages: messages(session.sessionId) });
    await client.setReward(session, at);
  }
  const exported = await post(`${url}/export_trajectories`, adminKey, {
    session_ids: group.map(({ sessionId }) => sessionId),
    remove_session: false,
  });
  const { traj } = JSON.parse(exported.text) as { traj: { interactions: Record<string, unknown>[] } };
  expect(traj.interactions.map(({ request: sent, reward }) => [sent, reward])).toEqual(
    group.map(({ sessionId }, at) => [messages(sessionId), at]),
  );
});

test("calls in flight at the reward and after it are late and in the next trajectory", async () => {
  const gate = Promise.withResolvers<void>();
  answer = async (incoming, response) => {
    const body = await bodyOf(incoming);
    if (body.includes("slow")) await gate.promise;
    response.end('{"choices":[{"message":{"content":"x"},"finish_reason":"stop"}]}');
  };
  const { url, client } = await start();
  const session = await client.startSession({ taskId: "t" });
  const chat = (text: string) =>
    post(`${url}/v1/chat/completions`, session.apiKey, { messages: messages(text) });
  const slow = chat("slow");
  await chat("quick");
  expect(await client.setReward(session, 1)).toMatchObject({ interactionCount: 1, trajectoryId: 0 });
  gate.resolve();
  await slow;
  await chat("after");
  const exportOf = async (trajectoryId: number | null) => {
    const body = { session_ids: ["t-0"], trajectory_id: trajectoryId, remove_session: false };
    const { text } = await post(`${url}/export_trajectories`, adminKey, body);
    return (
      JSON.parse(text) as {
        traj: { sessions: { late_calls: number }[]; interactions: { request: unknown }[] };
      }
    ).traj;
  };
  const first = await exportOf(0);
  expect(first.sessions[0]?.late_calls).toBe(2);
  expect(first.interactions.map(({ request: sent }) => sent)).toEqual([messages("quick")]);
  expect(await client.setReward(session, 0)).toEqual({
    interactionCount: 2,
    trajectoryId: 1,
    transition: true,
  });
  expect((await exportOf(null)).interactions.map(({ request: sent }) => sent)).toEqual([
    messages("slow"),
    messages("after"),
  ]);
});

test("a failed call is passed on, made once, and in no trajectory", async () => {
  const { url, client } = await start();
  const session = await client.startSession({ taskId: "t" });
  const before = engine.seen.length;
  answer = async (incoming, response) => {
    await bodyOf(incoming);
    response.writeHead(500).end('{"message":"boom"}');
  };
  const failed = await post(`${url}/v1/chat/completions`, session.apiKey, { messages: [] });
  expect([failed.status, failed.text]).toEqual([500, '{"message":"boom"}']);
  answer = (_incoming, response) => response.write("data: {}\n\n", () => response.socket?.destroy());
  await expect(post(`${url}/v1/chat/completions`, session.apiKey, { messages: [] })).rejects.toThrow(
    /other side closed|terminated/,
  );
  answer = async (incoming, response) => {
    await bodyOf(incoming);
    response.writeHead(200, { "content-type": "text/event-stream" }).end('data: {"error":{}}\n\n');
  };
  await post(`${url}/v1/chat/completions`, session.apiKey, { messages: [] });
  expect(engine.seen.length - before).toBe(3);
  expect(await client.setReward(session, 1)).toBeNull();
  answer = whole;
  await post(`${url}/v1/chat/completions`, session.apiKey, { messages: [] });
  await client.setReward(session, 1);
  const exported = await client.exportSession(session);
  const { traj } = JSON.parse(exported?.raw ?? "") as { traj: { sessions: object[] } };
  expect([exported?.interactions, traj.sessions[0]]).toEqual([
    1,
    expect.objectContaining({ failed_calls: 3 }),
  ]);
});

test("a client that goes away is passed on to the engine", async () => {
  const gone = Promise.withResolvers<void>();
  answer = (_incoming, response) => {
    response.on("close", () => gone.resolve());
    response.write("data: {}\n\n");
  };
  const { url, client } = await start();
  const session = await client.startSession({ taskId: "t" });
  const abort = new AbortController();
  const response = await request(`${url}/v1/chat/completions`, {
    method: "POST",
    headers: { authorization: `Bearer ${session.apiKey}` },
    body: "{}",
    signal: abort.signal,
  });
  abort.abort();
  await response.body.dump().catch(() => undefined);
  await gone.promise;
  expect(await client.setReward(session, 1)).toBeNull();
});

test("limits on bodies, sessions and memory hold", async () => {
  answer = whole;
  const { url, client } = await start({ bodyBytesMax: 1_000, sessionsMax: 2, recordedCharsMax: 1_100 });
  const session = await client.startSession({ taskId: "a" });
  await client.startSession({ taskId: "b" });
  await expect(client.startSession({ taskId: "c" })).rejects.toMatchObject({ status: 429 });
  const chat = `${url}/v1/chat/completions`;
  const long = "x".repeat(5_000);
  expect((await post(chat, session.apiKey, long)).status).toBe(413);
  const before = engine.seen.length;
  const chunked = await request(chat, {
    method: "POST",
    headers: { authorization: `Bearer ${session.apiKey}` },
    body: Readable.from(
      (async function* () {
        yield "x".repeat(900);
        await sleep(50);
        yield "x".repeat(900);
      })(),
    ),
  });
  expect([chunked.statusCode, await chunked.body.json()]).toEqual([
    413,
    { detail: "Request body is longer than 1000 bytes", error: "Request body is longer than 1000 bytes" },
  ]);
  expect(engine.seen.length - before).toBeLessThanOrEqual(1);
  const full = async () => (await post(chat, session.apiKey, { messages: messages("y".repeat(800)) })).status;
  expect([await full(), await full(), await full(), await full()].at(-1)).toBe(503);
  await client.setReward(session, 1);
  await client.exportSession(session);
  expect((await client.startSession({ taskId: "c" })).sessionId).toBe("c-0");
});

test("an engine that cannot be reached is a 502, for calls and models", async () => {
  const { url, client } = await start({}, "http://127.0.0.1:9");
  const session = await client.startSession({ taskId: "t" });
  const failed = await post(`${url}/v1/chat/completions`, session.apiKey, {});
  expect([failed.status, failed.json()["error"]]).toEqual([
    502,
    expect.stringContaining("The engine at http://127.0.0.1:9 cannot be reached"),
  ]);
  const models = await request(`${url}/v1/models`, { headers: { authorization: `Bearer ${adminKey}` } });
  expect(models.statusCode).toBe(502);
});

test("models, health and metrics answer", async () => {
  answer = (_incoming, response) => response.end('{"object":"list","data":[{"id":"m1"}]}');
  const { url, client } = await start();
  const models = await request(`${url}/models`, { headers: { authorization: `Bearer ${adminKey}` } });
  expect(await models.body.json()).toEqual({ models: ["m1"] });
  expect(await (await request(`${url}/health`)).body.json()).toEqual({
    status: "ok",
    engine: engine.url,
    level: "L0",
  });
  await client.startSession({ taskId: "t" });
  const page = await (await request(`${url}/metrics`)).body.text();
  expect(page).toContain("tollgate_gateway_sessions 1");
  expect(page).toContain('tollgate_gateway_requests_total{route="POST /rl/start_session",status="201"} 1');
});

test("the client says what refused it", async () => {
  const { url } = await start();
  const wrong = new GatewaySessionClient({ url, adminKey: "wrong" });
  const thrown: unknown = await wrong.startSession({ taskId: "t" }).catch((error: unknown) => error);
  expect(thrown).toBeInstanceOf(SessionError);
  expect(thrown).toMatchObject({ status: 403, operation: "/rl/start_session" });
  expect((thrown as SessionError).message).toBe(
    `The gateway at ${url} answered 403 to /rl/start_session: Invalid admin API key`,
  );
  const nobody = new GatewaySessionClient({ url: "http://127.0.0.1:9", adminKey });
  await expect(nobody.startSession({ taskId: "t" })).rejects.toMatchObject({ status: null });
});
