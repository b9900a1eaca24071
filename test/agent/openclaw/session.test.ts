import { expect, test } from "vitest";
import { OpenClawSession } from "../../../bench/agent/openclaw/session.ts";
import { GatewayClient } from "../../../bench/agent/openclaw/websocket-client.ts";
import { respond, StandInGateway } from "./stand-in-gateway.ts";

const request = {
  episodeId: "e",
  attemptKey: "a",
  sampling: {},
  tools: "[]",
  endpoint: {
    role: "agent" as const,
    baseUrl: "http://127.0.0.1:9/v1",
    model: "m",
    apiKey: "k",
    headers: {},
  },
  system: "s",
  greeting: "hi",
  acceptsArguments: () => true,
  turnTimeoutMs: 5000,
};
const ok = { status: "ok", result: { payloads: [], meta: null } };
const answers: Readonly<Record<string, unknown>> = {
  "tollgate.open": { prompt: "exact" },
  "tollgate.turn": {},
  agent: ok,
  "tollgate.outcome": { answer: "done", failure: null, requests: 1, misses: 0 },
  "tollgate.close": {},
};

/** The turn of a session whose gateway answers as `changed` says. */
async function turnWith(changed: Readonly<Record<string, unknown>>) {
  const payloads = { ...answers, ...changed };
  await using gateway = await StandInGateway.start((asked, socket) =>
    respond(socket, asked, { ok: true, payload: payloads[asked.method] }),
  );
  const client = await GatewayClient.connect(gateway.url, "t", 5000);
  const process = { name: "openclaw-0", client, exited: Promise.resolve("SIGKILL") };
  const session = await OpenClawSession.open(process, request, () => undefined);
  try {
    return await session.turn("hello", new AbortController().signal);
  } finally {
    await session[Symbol.asyncDispose]();
    await client.close();
  }
}

test("a gateway that answers as it should gives the model's own words", async () => {
  expect(await turnWith({})).toEqual({ status: "answered", text: "done" });
});

test.for(["tollgate.outcome", "agent"])(
  "an answer to %s of another shape fails the turn and not the driver",
  async (method) => {
    const outcome = { answer: null, failure: null, requests: 1, misses: 0 };
    const turn = await turnWith({ "tollgate.outcome": outcome, [method]: 7 });
    expect(turn).toMatchObject({ status: "agent-error", kind: "unreadable" });
    expect(turn).toMatchObject({ message: expect.stringContaining(`OpenClaw refused ${method}`) });
  },
);

test.for([
  ["model", "a-2"],
  ["incomplete_turn", "a-2"],
  ["limit", undefined],
] as const)("a turn that failed by %s names the request %s", async ([kind, requestId]) => {
  const outcome = { answer: null, failure: { kind, message: "nothing" }, requests: 2, misses: 0 };
  const turn = await turnWith({ "tollgate.outcome": outcome });
  expect("requestId" in turn ? turn.requestId : undefined).toBe(requestId);
});
