import { createServer, type RequestListener } from "node:http";
import { createServer as createTcpServer, type AddressInfo } from "node:net";
import { onTestFinished, expect, test } from "vitest";
import { StartError } from "../../bench/errors.ts";
import { describeEngine, type Engine } from "../../bench/stack/engine.ts";
import { serve } from "../metrics/server.ts";

const signal = new AbortController().signal;
const html = "<!doctype html>\n<title>Chat</title>";
const models = (...ids: readonly string[]) =>
  JSON.stringify({ object: "list", data: ids.map((id) => ({ id })) });

interface Habit {
  readonly models?: string;
  readonly status?: number;
  readonly headers?: Readonly<Record<string, string>>;
  readonly info?: string | number;
}
/** A server whose /v1/models and /server_info answer as they are told. */
const server = ({ models: list = models("m"), status = 200, headers = {}, info = 404 }: Habit) => {
  const answer: RequestListener = (request, response) => {
    if (request.url === "/v1/models") response.writeHead(status, headers).end(list);
    else if (typeof info === "number") response.writeHead(info).end(html);
    else response.writeHead(200).end(info);
  };
  return serve(answer);
};
const describeAt = (url: string, more: Partial<Engine> = {}): Promise<Engine | Error> =>
  describeEngine(
    { role: "agent", url, apiKey: "none", model: more.model, apiKeyEnv: more.apiKeyEnv },
    signal,
  ).catch((error: unknown) => error as Error);

test.each<[string, Habit, Partial<Engine>, RegExp]>([
  [
    "a web page",
    { models: html },
    {},
    /answered a web page \(HTML\) to GET \/v1\/models instead of a list of models\. Is stack\.agent\.url/,
  ],
  [
    "JSON of another shape",
    { models: '{"models":["a"]}' },
    {},
    /answered JSON of another shape \(\{"models":\["a"\]\}\)/,
  ],
  ["text", { models: "hello" }, {}, /answered text that is no JSON \(hello\)/],
  ["nothing", { models: "" }, {}, /answered nothing to GET \/v1\/models/],
  ["null", { models: "null" }, {}, /JSON of another shape \(null\)/],
  ["an empty list", { models: models() }, {}, /serves no model: its list at \/v1\/models is empty/],
  [
    "another model",
    { models: models("a", "b") },
    { model: "c" },
    /serves a, b, not c\. Set stack\.agent\.model\./,
  ],
  [
    "401 without a key",
    { status: 401 },
    {},
    /answered 401 .*: it wants a key\. Set stack\.agent\.apiKeyEnv to the name/,
  ],
  ["401 with a key", { status: 401 }, { apiKeyEnv: "MY_KEY" }, /the key in MY_KEY was refused/],
  ["403", { status: 403 }, { apiKeyEnv: "MY_KEY" }, /answered 403 .* the key in MY_KEY was refused/],
  ["404", { status: 404, models: html }, {}, /no OpenAI-compatible API is there\. .*the address before \/v1/],
  ["405", { status: 405, models: "" }, {}, /answered 405 .* no OpenAI-compatible API/],
  [
    "a redirect",
    { status: 307, headers: { location: "https://h/v1/models" } },
    {},
    /a redirect to https:\/\/h\/v1\/models\. .* set stack\.agent\.url to https:\/\/h\./,
  ],
  ["a redirect to nowhere", { status: 301 }, {}, /a redirect to another address/],
  ["429", { status: 429, models: "slow down" }, {}, /answered 429 .*\(slow down\): it is not ready/],
  ["502", { status: 502, models: "Bad\n Gateway" }, {}, /answered 502 .*\(Bad Gateway\): it is not ready/],
  ["503", { status: 503, models: "" }, {}, /answered 503 to GET \/v1\/models: it is not ready/],
  ["400", { status: 400, models: "no" }, {}, /answered 400 .*\(no\)\. Check the URL/],
])("%s for the list of models", async (...[, habit, asked, said]) => {
  const error = await describeAt(await server(habit), asked);
  expect(error).toBeInstanceOf(StartError);
  expect((error as Error).message).toMatch(said);
});

test.each<[string, Habit["info"] & (string | number)]>([
  ["404", 404],
  ["401", 401],
  ["500", 500],
  ["HTML with 200", html],
  ["an empty 200", ""],
  ["text with 200", "ok"],
  ["a list", "[1]"],
  ["a text in JSON", '"ok"'],
  ["null", "null"],
  ["an error inside a 200 (LM Studio)", '{"error":"Unexpected endpoint or method. (GET /server_info)"}'],
  ["cut JSON", '{"version":'],
])("%s for /server_info is a server that does not say", async (_, info) => {
  expect(await describeAt(await server({ info }))).toMatchObject({
    model: "m",
    identity: { name: null, version: null, simulated: false },
    processIdentity: { pid: null, startId: null, infoSha256: null },
  });
});

test("fields of /server_info that are of another type are left out, the others are kept", async () => {
  const info = JSON.stringify({ version: "0.5.23", pid: "7", start_id: 8, simulator: "no", tp_size: 1 });
  expect(await describeAt(await server({ info }))).toMatchObject({
    identity: { name: "sglang", version: "0.5.23", simulated: false },
    processIdentity: {
      pid: null,
      startId: null,
      infoSha256: expect.stringMatching(/^[0-9a-f]{64}$/),
    },
  });
});

test("a base URL is taken with and without /v1 and slashes", async () => {
  const url = await server({});
  for (const written of [
    url,
    `${url}/`,
    `${url}/v1`,
    `${url}/v1/`,
    `${url}//`,
    `${url}/v1/chat/completions`,
  ]) {
    expect(await describeAt(written)).toMatchObject({ url, metricsUrl: `${url}/metrics` });
  }
});

/** A TCP server that answers whatever comes with bytes of its own, or closes. */
async function rawServer(bytes: string | null): Promise<number> {
  const tcp = createTcpServer((socket) => {
    socket.on("error", () => undefined);
    socket.once("data", () => (bytes === null ? socket.destroy() : socket.end(bytes)));
  });
  await new Promise<void>((resolve) => {
    tcp.listen(0, "127.0.0.1", resolve);
  });
  onTestFinished(() => void tcp.close());
  return (tcp.address() as AddressInfo).port;
}

test.each<[string, () => Promise<string>, RegExp]>([
  [
    "nobody listens",
    () => Promise.resolve("http://127.0.0.1:1"),
    /ECONNREFUSED.* Is the server running and reachable from here\?/,
  ],
  [
    "an unknown host",
    () => Promise.resolve("http://no-such-host.invalid"),
    /no-such-host\.invalid.* The name of the host is not known here/,
  ],
  [
    "https to a server of http",
    async () => (await server({})).replace("http:", "https:"),
    /speaks plain http: write http:\/\//,
  ],
  [
    "no http at all",
    async () => `http://127.0.0.1:${await rawServer("SSH-2.0-x\r\n")}`,
    /speaks no http; if it speaks https/,
  ],
  [
    "a connection that is closed",
    async () => `http://127.0.0.1:${await rawServer(null)}`,
    /If it speaks https, write https:\/\//,
  ],
])("%s", async (...[, address, said]) => {
  const error = await describeAt(await address());
  expect(error).toBeInstanceOf(StartError);
  expect((error as Error).message).toMatch(said);
});

test("an endless list of models is cut off with a message", async () => {
  const endless = createServer((_, response) => {
    response.writeHead(200);
    const write = () => {
      while (!response.destroyed && response.write("x".repeat(65_536)));
      if (!response.destroyed) response.once("drain", write);
    };
    write();
  });
  await new Promise<void>((resolve) => {
    endless.listen(0, "127.0.0.1", resolve);
  });
  onTestFinished(() => {
    endless.closeAllConnections();
    endless.close();
  });
  const error = await describeAt(`http://127.0.0.1:${(endless.address() as AddressInfo).port}`);
  expect((error as Error).message).toMatch(/longer than 8 MiB\. Is this the address of a model server\?/);
});
