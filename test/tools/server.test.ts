import { connect } from "node:net";
import { join } from "node:path";
import { expect, test } from "vitest";
import { ToolOperationError, type ToolRefusedError } from "../../bench/tools/tool-server-error.ts";
import { add, callNamed, request, useToolWorld } from "./tool-world.ts";

const { start, clientOf, scratch } = useToolWorld();

test("an opened episode says what the task needs, and its session is known to every worker", async () => {
  const server = await start({ workers: 2 });
  const episode = await server.openEpisode(request("a", { taskId: "t2" }));
  expect(episode.opened).toEqual({
    policy: "Count with care. 数",
    agentToolsJson: '[{"type":"function","function":{"name":"add","parameters":{"default":2.0}}}]',
    start: 40,
  });
  expect(server.sockets).toEqual([join(scratch(), "tools-0.sock"), join(scratch(), "tools-1.sock")]);
  for (const socket of server.sockets) {
    const client = await clientOf(socket);
    expect(await client.session(server.fleetToken, "a")).toEqual({
      id: 1,
      ok: true,
      episodeId: "episode-of-a",
      attemptKey: "a",
      token: episode.token,
      socket: episode.socket,
      policy: "Count with care. 数",
      tools: episode.opened.agentToolsJson,
      baseUrl: "http://127.0.0.1:1/v1",
      headers: { "x-tollgate-attempt": "a" },
      sampling: { temperature: 0, seed: 7 },
      prompt: "exact",
      greeting: "Hello.",
    });
    await expect(client.session(server.fleetToken, "b")).rejects.toMatchObject({ reason: "unknown-session" });
  }
});

test("a tool finds nothing of this process's environment: keys of attached servers are in it", async () => {
  const server = await start({ workers: 1 });
  const episode = await server.openEpisode(request("a"));
  const client = await clientOf(episode.socket);
  expect(Object.keys(process.env)).toContain("PATH");
  const { content } = await client.call(callNamed(episode, "environment", "{}"));
  expect(content.replace("NODE_COMPILE_CACHE", "")).toBe("");
});

test("episodes spread over the workers, interleave, and never see each other's state", async () => {
  const server = await start({ workers: 2 });
  const episodes = await Promise.all(["a", "b", "c", "d"].map((key) => server.openEpisode(request(key))));
  const perSocket = server.sockets.map(
    (socket) => episodes.filter((episode) => episode.socket === socket).length,
  );
  expect(perSocket).toEqual([2, 2]);
  const clients = await Promise.all(episodes.map(({ socket }) => clientOf(socket)));
  const totals = await Promise.all(
    episodes.map(async (episode, index) => {
      const replies = Array.from({ length: 50 }, () => clients[index]!.call(add(episode, index + 1)));
      return (await Promise.all(replies)).map(({ content }) => Number(content));
    }),
  );
  expect(totals).toEqual(
    [1, 2, 3, 4].map((by) => Array.from({ length: 50 }, (_, index) => by * (index + 1))),
  );
  const hello = await clients[0]!.hello(server.fleetToken);
  expect(hello).toMatchObject({ worker: 0, generation: 1, pid: process.pid, episodes: 2 });
});

test("arguments and results travel byte for byte, and every call is logged with its times", async () => {
  const server = await start({ workers: 1 });
  const episode = await server.openEpisode(request("a"));
  const client = await clientOf(episode.socket);
  const argumentsText = '{ "amount": 2.0, "2":1, "1": "数\u2028" }';
  const reply = await client.call({ ...callNamed(episode, "raw", argumentsText), toolCallId: "call_1" });
  expect(reply).toEqual({ id: 1, ok: true, content: argumentsText, error: false });
  // No turn of the event loop lies between the reply and the log.
  const [line, ...rest] = episode.takeLog();
  expect(rest).toEqual([]);
  expect(line).toEqual({
    episodeId: "episode-of-a",
    attemptKey: "a",
    toolCallId: "call_1",
    name: "raw",
    argumentsText,
    requestor: "assistant",
    content: argumentsText,
    error: false,
    receivedNs: expect.any(Number),
    startedNs: expect.any(Number),
    endedNs: expect.any(Number),
  });
  expect(line!.receivedNs).toBeLessThanOrEqual(line!.startedNs);
  expect(line!.startedNs).toBeLessThanOrEqual(line!.endedNs);
  expect(episode.takeLog()).toEqual([]);
});

test("user calls run in the same environment as the agent's", async () => {
  const server = await start({ workers: 1 });
  const episode = await server.openEpisode(request("a"));
  const client = await clientOf(episode.socket);
  await client.call(add(episode, 5));
  const look = { name: "look", argumentsText: "{}", toolCallId: "u1" };
  expect(await episode.callUserTool(look)).toEqual({ content: "user sees 5", error: false });
  const overSocket = await client.call({ ...callNamed(episode, "look"), token: episode.userToken });
  expect(overSocket.content).toBe("user sees 5");
  expect(episode.takeLog().map(({ name, requestor }) => `${requestor} ${name}`)).toEqual([
    "assistant add",
    "user look",
    "user look",
  ]);
  expect(await client.state(episode.token)).toEqual({
    id: 3,
    ok: true,
    agentHash: "ef2d127de37b942baad06145e54b0c619a1f22327b2ebbcfbec78f5564afe39d",
    userHash: null,
    counts: { agentCalls: 1, userCalls: 2, errors: 0, refused: 0, steps: 2, limit: null },
  });
});

test("tokens open only what they are for", async () => {
  const server = await start({ workers: 1 });
  const [a, b] = [await server.openEpisode(request("a")), await server.openEpisode(request("b"))];
  const client = await clientOf(a.socket);
  const refusals = await Promise.all(
    [
      client.hello(a.token),
      client.session(a.token, "a"),
      client.call({ ...add(a, 1), token: server.fleetToken }),
      client.call({ ...add(a, 1), token: `${a.token.split(".")[0]}.${b.token.split(".")[1]}` }),
      client.call({ ...add(a, 1), token: "" }),
      client.call({ ...add(a, 1), token: a.token.slice(0, -1) }),
      client.state(server.fleetToken),
    ].map((reply) => reply.catch((error: unknown) => (error as ToolRefusedError).reason)),
  );
  expect(refusals).toEqual(Array(7).fill("bad-token"));
  expect(new Set([a.token, a.userToken, b.token, b.userToken, server.fleetToken]).size).toBe(5);
  await a.close();
  await expect(client.call(add(a, 1))).rejects.toMatchObject({ reason: "closed" });
  await expect(client.session(server.fleetToken, "a")).rejects.toMatchObject({ reason: "unknown-session" });
  expect((await client.call(add(b, 1))).content).toBe("1");
});

test("bad frames are answered with error frames and the connection lives on", async () => {
  const server = await start({ workers: 1, maxFrameBytes: 2_000 });
  const episode = await server.openEpisode(request("a"));
  const call = (id: number, name: string, args: string) =>
    JSON.stringify({ id, token: episode.token, op: "call", name, arguments: args });
  const lines = [
    "",
    "garbage",
    "[1,2]",
    "null",
    '{"id":1,"op":"dance","token":"x"}',
    '{"id":"q","op":"call","token":"x"}',
    '{"id":{"not":"an id"},"op":"hello","token":"x"}',
    JSON.stringify({ id: 2, pad: "x".repeat(3_000) }),
    call(3, "big", '{"bytes":5000}'),
    call(4, "add", "{broken"),
    call(6, "add", '{"by":1}'),
  ];
  const replies = await exchange(episode.socket, [Buffer.from([0xff, 0x0a]), lines.join("\n")]);
  expect(replies.map(({ id, ok, code, content, error }) => ({ id, ok, code, content, error }))).toEqual([
    { id: null, ok: false, code: "malformed" },
    { id: null, ok: false, code: "malformed" },
    { id: null, ok: false, code: "malformed" },
    { id: null, ok: false, code: "malformed" },
    { id: 1, ok: false, code: "unknown-op" },
    { id: "q", ok: false, code: "malformed" },
    { id: null, ok: false, code: "malformed" },
    { id: null, ok: false, code: "oversize" },
    { id: 3, ok: false, code: "oversize" },
    { id: 4, ok: true, content: "Error: these are no arguments", error: true },
    { id: 6, ok: true, content: "1", error: false },
  ]);
});

/** Writes the parts, half-closes, and reads every reply line; the last line of the request needs no newline. */
async function exchange(path: string, parts: readonly (Uint8Array | string)[]) {
  const socket = connect({ path, allowHalfOpen: true });
  for (const part of parts) socket.write(part);
  socket.end();
  let text = "";
  for await (const chunk of socket) text += String(chunk);
  return text
    .trim()
    .split("\n")
    .map((line) => JSON.parse(line) as Record<string, unknown>);
}

test("thousands of pipelined calls are answered in order, also when their sender reads late", async () => {
  const server = await start({ workers: 1 });
  const episode = await server.openEpisode(
    request("a", { limits: { maxSteps: 1e9, maxErrors: 10, callTimeoutMs: 60_000 } }),
  );
  const frame = (id: number) =>
    JSON.stringify({ id, token: episode.token, op: "call", name: "big", arguments: '{"bytes":1000}' });
  const lines = Array.from({ length: 5_000 }, (_, id) => frame(id)).join("\n");
  const [replies, other] = await Promise.all([
    exchange(episode.socket, [lines]),
    clientOf(episode.socket).then((client) => client.call(add(episode, 3))),
  ]);
  expect(replies.map(({ id }) => id)).toEqual(Array.from({ length: 5_000 }, (_, id) => id));
  expect(other.content).toBe("3");
});

test("calls past the error limit are refused, with the limit on record", async () => {
  const server = await start({ workers: 1 });
  const limits = { maxSteps: 200, maxErrors: 2, callTimeoutMs: 5_000 };
  const episode = await server.openEpisode(request("a", { limits }));
  const client = await clientOf(episode.socket);
  await client.call(callNamed(episode, "fail"));
  expect(episode.limitSignal.aborted).toBe(false);
  await episode.callUserTool({ name: "fail", argumentsText: "{}", toolCallId: null });
  await expect(client.call(add(episode, 1))).rejects.toMatchObject({
    reason: "limit",
    message: "The tool server refused call (limit): the episode has reached too_many_errors",
  });
  expect(episode.counts()).toEqual({
    agentCalls: 1,
    userCalls: 1,
    errors: 2,
    refused: 1,
    steps: 2,
    limit: "too_many_errors",
  });
  expect(episode.limitSignal.reason).toBe("too_many_errors");
});

test("a round of calls counts two steps and is never cut in its middle", async () => {
  const server = await start({ workers: 1 });
  const limits = { maxSteps: 5, maxErrors: 10, callTimeoutMs: 5_000 };
  const episode = await server.openEpisode(request("a", { limits }));
  const client = await clientOf(episode.socket);
  expect((await episode.addSteps(2)).steps).toBe(2);
  for (const _ of [1, 2, 3]) await client.call(add(episode, 1, { requestId: "r1" }));
  expect(episode.counts()).toMatchObject({ steps: 4, limit: null });
  await client.call(add(episode, 1, { requestId: "r2" }));
  expect(episode.counts()).toMatchObject({ steps: 6, limit: "max_steps" });
  expect((await client.call(add(episode, 1, { requestId: "r2" }))).content).toBe("5");
  await expect(client.call(add(episode, 1, { requestId: "r3" }))).rejects.toMatchObject({ reason: "limit" });
  await expect(client.call(add(episode, 1))).rejects.toMatchObject({ reason: "limit" });
});

test("a call that waited past its deadline is not executed", async () => {
  const server = await start({ workers: 1 });
  const limits = { maxSteps: 200, maxErrors: 10, callTimeoutMs: 300 };
  const slow = await server.openEpisode(request("slow", { limits: { ...limits, callTimeoutMs: 10_000 } }));
  const late = await server.openEpisode(request("late", { limits }));
  const client = await clientOf(slow.socket);
  const [slept, refused] = await Promise.allSettled([
    client.call(callNamed(slow, "sleep", '{"ms":700}')),
    client.call(add(late, 1)),
  ]);
  expect(slept).toMatchObject({ status: "fulfilled", value: { content: "slept" } });
  expect(refused).toMatchObject({ status: "rejected", reason: { reason: "deadline" } });
  expect(late.counts()).toMatchObject({ agentCalls: 0, refused: 1 });
});

test("evaluation runs in the worker, and its failure is an error with the original's name", async () => {
  const server = await start({ workers: 1 });
  const episode = await server.openEpisode(request("a"));
  expect(await episode.evaluate({ end: "well" })).toEqual({ task: "t1", total: 0, end: "well" });
  const failure = episode.evaluate({ end: "explode" });
  await expect(failure).rejects.toBeInstanceOf(ToolOperationError);
  await expect(failure).rejects.toMatchObject({
    kind: "RangeError",
    message: expect.stringContaining("cannot judge"),
  });
});

test("an episode that cannot be opened says why, and the next one opens", async () => {
  const server = await start({ workers: 1 });
  await expect(server.openEpisode(request("a", { taskId: "t9" }))).rejects.toThrow("planted has no task t9");
  await expect(server.openEpisode(request("a", { settings: { name: "unreadable" } }))).rejects.toThrow(
    "data folder is missing",
  );
  await server.openEpisode(request("a"));
  await expect(server.openEpisode(request("a"))).rejects.toThrow("already open");
});

test("a tool that waits holds up its own session and no other, and its worker is not taken for stuck", async () => {
  const server = await start({ workers: 1, watch: { stuckAfterMs: 1_000, heartbeatMs: 20 } });
  const [slow, quick] = [await server.openEpisode(request("a")), await server.openEpisode(request("b"))];
  const [slowClient, quickClient] = [await clientOf(slow.socket), await clientOf(quick.socket)];
  const order: string[] = [];
  const told = (name: string) => (reply: { readonly content: string }) =>
    void order.push(`${name}: ${reply.content}`);
  const waiting = slowClient.call(callNamed(slow, "wait", '{"ms":2000}')).then(told("slow"));
  const behind = slowClient.call(add(slow, 1)).then(told("behind"));
  await quickClient.call(add(quick, 5)).then(told("quick"));
  await Promise.all([waiting, behind]);
  expect(order).toEqual(["quick: 5", "slow: waited for 0", "behind: 1"]);
  expect(slow.takeLog().map(({ name, content }) => [name, content])).toEqual([
    ["wait", "waited for 0"],
    ["add", "1"],
  ]);
  expect(slow.lost.aborted).toBe(false);
});

test("a tool that waits and then throws costs its episode the reward, and the connection lives on", async () => {
  const server = await start({ workers: 1 });
  const episode = await server.openEpisode(request("a"));
  const client = await clientOf(episode.socket);
  await expect(client.call(callNamed(episode, "late-bug", "{}"))).rejects.toMatchObject({
    reason: "internal",
  });
  expect(episode.lost.reason).toMatchObject({
    message: expect.stringContaining("planted bug that came late") as unknown,
  });
  expect((await client.hello(server.fleetToken)).ok).toBe(true);
});
