import { once } from "node:events";
import { createServer, type IncomingHttpHeaders } from "node:http";
import type { AddressInfo } from "node:net";
import { afterEach, expect, test } from "vitest";
import { Relay, traceIdIn } from "../../../bench/agent/openclaw/relay.ts";

const used: AsyncDisposable[] = [];
afterEach(async () => {
  for (const one of used.splice(0)) await one[Symbol.asyncDispose]();
});

interface Seen {
  readonly url: string;
  readonly headers: IncomingHttpHeaders;
  readonly body: string;
}

/** What stands where the outer tap would. */
async function upstream(status: number, answer: string) {
  const seen: Seen[] = [];
  const server = createServer((request, response) => {
    let body = "";
    request.on("data", (part: Buffer) => (body += part.toString()));
    request.on("end", () => {
      seen.push({ url: request.url ?? "", headers: request.headers, body });
      response.writeHead(status, { "content-type": "text/event-stream", "retry-after": "7", "x-own": "1" });
      response.end(answer);
    });
  });
  await once(server.listen(0, "127.0.0.1"), "listening");
  used.push({
    [Symbol.asyncDispose]: async () => {
      server.closeAllConnections();
      await once(server.close(), "close");
    },
  });
  return { seen, baseUrl: `http://127.0.0.1:${(server.address() as AddressInfo).port}/arm/v1` };
}

async function relay() {
  const made = await Relay.start({ host: "127.0.0.1", port: 0 }, 2000);
  used.push(made);
  return made;
}

const trace = "0af7651916cd43dd8448eb211c80319c";
const post = (port: number, body: string, headers: Record<string, string> = {}) =>
  fetch(`http://127.0.0.1:${port}/v1/chat/completions`, {
    method: "POST",
    body,
    headers: { traceparent: `00-${trace}-b7ad6b7169203331-01`, authorization: "Bearer theirs", ...headers },
  });

function route(baseUrl: string) {
  const told: (string | null)[] = [];
  let requests = 0;
  return {
    told,
    endpoint: {
      role: "agent",
      baseUrl,
      model: "real-model",
      apiKey: "real-key",
      headers: { "x-tollgate-episode": "e1" },
    } as const,
    sampling: { temperature: 0, max_tokens: 64 },
    begun: () => `a1-${(requests += 1)}`,
    answered: (failure: string | null) => told.push(failure),
  };
}

test("a request of an open turn goes to the arm with its key, identity, model and sampling, and the answer comes back as it is", async () => {
  const { seen, baseUrl } = await upstream(200, "data: [DONE]\n\n");
  const made = await relay();
  const turn = route(baseUrl);
  made.open(trace, turn);
  const body = {
    model: "m",
    stream: true,
    max_completion_tokens: 9,
    messages: [{ role: "user", content: "ü" }],
  };
  const answer = await post(made.port, JSON.stringify(body), { "x-kept": "yes" });
  expect([answer.status, answer.headers.get("content-type"), await answer.text()]).toEqual([
    200,
    "text/event-stream",
    "data: [DONE]\n\n",
  ]);
  expect(seen).toHaveLength(1);
  expect(seen[0]?.url).toBe("/arm/v1/chat/completions");
  expect(seen[0]?.headers).toMatchObject({
    authorization: "Bearer real-key",
    "x-tollgate-episode": "e1",
    "x-tollgate-request": "a1-1",
    "x-kept": "yes",
  });
  expect(JSON.parse(seen[0]?.body ?? "")).toEqual({
    model: "real-model",
    stream: true,
    messages: [{ role: "user", content: "ü" }],
    temperature: 0,
    max_tokens: 64,
  });
  expect(turn.told).toEqual([null]);
});

test("a refusal of the server is passed on and told, with when to come back", async () => {
  const { baseUrl } = await upstream(429, `{"error":"busy"}`);
  const made = await relay();
  const turn = route(baseUrl);
  made.open(trace, turn);
  const answer = await post(made.port, "{}");
  expect([answer.status, answer.headers.get("retry-after"), await answer.text()]).toEqual([
    429,
    "7",
    `{"error":"busy"}`,
  ]);
  expect(turn.told).toEqual(["HTTP 429"]);
});

test("a server that is gone is a failed request with a reason", async () => {
  const made = await relay();
  const turn = route("http://127.0.0.1:9/v1");
  made.open(trace, turn);
  const answer = await post(made.port, "{}");
  expect(answer.status).toBe(502);
  expect(await answer.text()).toMatch(/ECONNREFUSED/);
  expect(turn.told).toEqual([expect.stringMatching(/ECONNREFUSED/)]);
});

test.each([
  ["without a trace", { traceparent: "" }],
  ["of another turn", { traceparent: "00-11111111111111111111111111111111-b7ad6b7169203331-01" }],
  ["of a turn that is over", {}],
])("a request %s reaches no arm", async (_, headers) => {
  const { seen, baseUrl } = await upstream(200, "");
  const made = await relay();
  made.open(trace, route(baseUrl));
  if (Object.keys(headers).length === 0) made.close(trace);
  expect((await post(made.port, "{}", headers)).status).toBe(404);
  expect([seen, made.strangers]).toEqual([[], 1]);
});

test.each([
  ["00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01", trace],
  ["01-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01-more", trace],
  ["00-0af7651916cd43dd8448eb211c80319-b7ad6b7169203331-01", null],
  [undefined, null],
])("reads the trace id of %s", (header, id) => {
  expect(traceIdIn(header)).toBe(id);
});
