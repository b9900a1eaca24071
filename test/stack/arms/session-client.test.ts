import { randomBytes, randomUUID } from "node:crypto";
import { createServer } from "node:http";
import { once } from "node:events";
import type { AddressInfo } from "node:net";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { Gateway } from "../../../bench/gateway/gateway.ts";
import { defaultRecording } from "../../../bench/gateway/options.ts";
import { probeGateway } from "../../../bench/stack/arms/areal/probe.ts";
import type { GatewaySession } from "../../../bench/stack/arms/session/dialect.ts";
import { recordedRows } from "../../../bench/stack/arms/session/recorded-rows.ts";
import { storedTensors } from "../../../bench/stack/arms/session/rtensor.ts";
import { SessionClient } from "../../../bench/stack/arms/session/session-client.ts";
import { SessionError } from "../../../bench/stack/arms/session/session-error.ts";
import {
  ConformanceServer,
  type ConformanceOptions,
  type Release,
} from "./areal-conformance/conformance-server.ts";

const adminKey = "not-the-default";
let engineUrl: string;
const engine = createServer((request, response) => {
  request.resume().once("end", () => {
    response.writeHead(200, { "content-type": "application/json" }).end(
      JSON.stringify({
        id: `chatcmpl-${randomUUID()}`,
        choices: [{ index: 0, message: { role: "assistant", content: "sure" }, finish_reason: "stop" }],
        usage: { prompt_tokens: 3, completion_tokens: 1, total_tokens: 4 },
      }),
    );
  });
});

beforeAll(async () => {
  await once(engine.listen(0, "127.0.0.1"), "listening");
  engineUrl = `http://127.0.0.1:${(engine.address() as AddressInfo).port}`;
});
afterAll(() => engine.close());

const areal = (release: Release, more: Partial<ConformanceOptions> = {}) =>
  ConformanceServer.start({ release, adminKey, engineUrl, ...more });

async function tollgate() {
  const io = {
    out: () => undefined,
    err: (line: string) => void process.stderr.write(`${line}\n`),
    pid: process.pid,
    signal: new AbortController().signal,
    randomBytes,
    randomUuid: randomUUID,
  };
  return Gateway.start({ ...defaultRecording, engineUrl, port: 0, adminKey }, io);
}

/** A conversation of so many calls, each prompt with the answer before it. */
async function converse(url: string, session: GatewaySession, calls: number): Promise<void> {
  const messages = [{ role: "user", content: "hello" }];
  for (let call = 0; call < calls; call += 1) {
    const response = await fetch(`${url}/v1/chat/completions`, {
      method: "POST",
      headers: { authorization: `Bearer ${session.apiKey}`, "content-type": "application/json" },
      body: JSON.stringify({ model: "m", messages }),
    });
    expect({ status: response.status, text: await response.text() }).toMatchObject({ status: 200 });
    messages.push({ role: "assistant", content: "sure" }, { role: "user", content: `and ${call}?` });
  }
}

const nothing = { sessions: 0, tensors: 0 };
/** What AReaL keeps in memory for ever; Tollgate's gateway is looked at in its own tests. */
const leftIn = (server: ConformanceServer | Gateway) =>
  server instanceof ConformanceServer
    ? { sessions: server.openSessions, tensors: server.store.size }
    : nothing;

const servers = [
  { name: "AReaL's proxy stack", dialect: "proxy", start: () => areal("proxy") },
  { name: "AReaL v1.0.x", dialect: "v1", start: () => areal("v1") },
  { name: "AReaL v2", dialect: "v2", start: () => areal("v2") },
  { name: "Tollgate's gateway", dialect: "v2", start: tollgate },
] as const;

describe.each(servers)("$name", ({ dialect, start }) => {
  test("a session is rewarded, exported whole and gone", async () => {
    await using server = await start();
    const client = new SessionClient({ url: server.url, adminKey });
    const session = await client.startSession("task");
    expect((await client.dialect()).name).toBe(dialect);
    await converse(server.url, session, 3);
    const receipt = await client.setReward(session, 0.5);
    expect(receipt).toMatchObject({ transition: true });
    const exported = await client.exportSession(session, { closed: true });
    expect(exported?.interactions).toBe(3);
    expect(leftIn(server)).toEqual(nothing);
  });

  test("a session without a reward exports nothing and is gone", async () => {
    await using server = await start();
    const client = new SessionClient({ url: server.url, adminKey });
    const session = await client.startSession("task");
    await converse(server.url, session, 1);
    expect(await client.exportSession(session, { closed: false })).toBeNull();
    if (!(server instanceof ConformanceServer)) return;
    expect({ sessions: server.openSessions, tensors: server.store.size }).toEqual({
      sessions: 0,
      tensors: 0,
    });
  });

  test("a session without calls has nothing to reward", async () => {
    await using server = await start();
    const client = new SessionClient({ url: server.url, adminKey });
    const session = await client.startSession("task");
    expect(await client.setReward(session, 1)).toBeNull();
    expect(await client.exportSession(session, { closed: false })).toBeNull();
  });

  test("sessions that start together are different ones", async () => {
    await using server = await start();
    const client = new SessionClient({ url: server.url, adminKey });
    const sessions = await Promise.all(["a", "b", "c"].map((task) => client.startSession(task)));
    expect(new Set(sessions.map(({ apiKey }) => apiKey)).size).toBe(3);
    for (const session of sessions) await converse(server.url, session, 1);
  });

  test("a wrong admin key is refused, and the next client finds out anew", async () => {
    await using server = await start();
    const client = new SessionClient({ url: server.url, adminKey: "wrong" });
    const refusals = await Promise.allSettled([client.startSession("a"), client.startSession("b")]);
    for (const refusal of refusals) {
      expect(refusal.status === "rejected" && (refusal.reason as unknown)).toBeInstanceOf(SessionError);
      expect(refusal).toMatchObject({ reason: { status: 403 } });
    }
  });

  test("the probe leaves nothing behind", async () => {
    await using server = await start();
    const client = new SessionClient({ url: server.url, adminKey });
    await probeGateway(client, probe);
    expect(leftIn(server)).toEqual(nothing);
  });
});

test.each(["proxy", "v1", "v2"] as const)(
  "%s: tensors become calls that continue each other",
  async (release) => {
    await using server = await areal(release);
    const client = new SessionClient({ url: server.url, adminKey });
    const session = await client.startSession("task");
    await converse(server.url, session, 3);
    const receipt = await client.setReward(session, 0.5);
    const exported = await client.exportSession(session, { closed: true });
    const episode = recordedRows(exported?.rows ?? [], {
      url: server.url,
      reward: 0.5,
      interactionCount: receipt?.interactionCount ?? null,
      tokenizerSha256: null,
    });
    expect(episode).toMatchObject({ level: "L2", recorder: "areal", dropped: [] });
    expect(episode.calls.map(({ reward }) => reward)).toEqual([null, null, 0.5]);
    expect(episode.calls.map(({ parent }) => parent)).toEqual([null, 0, 1]);
    expect(episode.calls.map(({ weightVersion }) => weightVersion)).toEqual([3, 3, 3]);
    for (const { outputIds, outputLogprobs } of episode.calls) {
      expect(outputLogprobs).toEqual(outputIds?.map((id) => Math.fround(-id / 256)));
    }
    expect(await storedTensors(client.http, server.url)).toBe(0);
  },
);

const probe = {
  arm: "areal",
  model: "m",
  taskId: "probe",
  timeoutMs: 5_000,
  signal: new AbortController().signal,
};

test.each(["proxy", "v1"] as const)(
  "%s: every session has its permit, so none is refused or lost",
  async (release) => {
    await using server = await areal(release);
    const client = new SessionClient({ url: server.url, adminKey });
    await Promise.all(Array.from({ length: 5 }, (_, task) => client.startSession(`task-${task}`)));
    expect(server.openSessions).toBe(5);
    expect(server.requests.filter((route) => route === "POST /grant_capacity")).toHaveLength(5);
  },
);

test("v2: an export that is empty with status 200 is an error that says so", async () => {
  await using server = await areal("v2", { losesSessions: true });
  const client = new SessionClient({ url: server.url, adminKey });
  const session = await client.startSession("task");
  await converse(server.url, session, 1);
  await client.setReward(session, 1);
  await expect(client.exportSession(session, { closed: true })).rejects.toThrow(
    "answered 200 to /export_trajectories: nothing was exported, although a reward was accepted",
  );
});

test("a gateway whose router is dead says it is healthy and does not pass the probe", async () => {
  await using server = await areal("v2", { routerDead: true });
  expect((await fetch(`${server.url}/health`)).status).toBe(200);
  const client = new SessionClient({ url: server.url, adminKey });
  await expect(probeGateway(client, probe)).rejects.toMatchObject({
    code: "TOLLGATE_START",
    part: "areal",
    message: expect.stringMatching(
      /runs and does not work: .* answered 502 .*Router unreachable.*Is its router alive/,
    ),
  });
});

test("a gateway that is not there is named with its address", async () => {
  const client = new SessionClient({ url: "http://127.0.0.1:9", adminKey });
  await expect(client.startSession("task")).rejects.toThrow(
    "http://127.0.0.1:9 did not answer /grant_capacity",
  );
});
