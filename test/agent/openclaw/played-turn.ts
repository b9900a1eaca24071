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
const answers: Readonly<Record<string, unknown>> = {
  "tollgate.open": { prompt: "exact" },
  "tollgate.turn": {},
  agent: { status: "ok", result: { payloads: [], meta: null } },
  "tollgate.outcome": { answer: "done", failure: null, requests: 1, misses: 0 },
  "tollgate.close": {},
};

/** What a gateway answers in place of a payload. */
export class Refusal {
  readonly error: { readonly code: string; readonly message: string };

  constructor(code: string, message: string) {
    this.error = { code, message };
  }
}

/** The turn of a session whose gateway answers as `changed` says. */
export async function playTurn(changed: Readonly<Record<string, unknown>>) {
  const payloads = { ...answers, ...changed };
  await using gateway = await StandInGateway.start((asked, socket) => {
    const payload = payloads[asked.method];
    respond(
      socket,
      asked,
      payload instanceof Refusal ? { ok: false, error: payload.error } : { ok: true, payload },
    );
  });
  const client = await GatewayClient.connect(gateway.url, { token: "t" }, 5000);
  const process = { name: "openclaw-0", client, exited: Promise.resolve("SIGKILL") };
  const session = await OpenClawSession.open(process, request, () => undefined);
  try {
    return await session.turn("hello", new AbortController().signal);
  } finally {
    await session[Symbol.asyncDispose]();
    await client.close();
  }
}
