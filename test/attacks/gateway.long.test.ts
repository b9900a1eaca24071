import { once } from "node:events";
import { connect, type Socket } from "node:net";
import { readFileSync } from "node:fs";
import { setTimeout as sleep } from "node:timers/promises";
import { gzipSync } from "node:zlib";
import { afterAll, beforeAll, expect, test } from "vitest";
import { below, createRng } from "../../bench/statistics/rng.ts";
import type { TollgateProcess } from "../e2e/tollgate-process.ts";
import { adminKey, GatewayProcess, GatewayUser, send } from "../gateway/gateway-process.ts";
import { libraryEngine } from "../gateway/recorded-run.ts";
import { exchange, inPieces, mutated, statuses } from "./raw-http.ts";

/** Whatever a client sends, with a key or without: the gateway answers or closes, serves everybody else, and forgets it. */
const minutes = 60_000;
let engine: { readonly process: TollgateProcess; readonly url: string };
let gateway: GatewayProcess;
let user: GatewayUser;

beforeAll(async () => {
  engine = await libraryEngine("user");
  gateway = await GatewayProcess.start(engine.url, "--level", "L1");
  user = new GatewayUser(gateway.url);
}, 2 * minutes);
afterAll(async () => {
  await gateway[Symbol.asyncDispose]();
  await engine.process[Symbol.asyncDispose]();
});

/** A connection that is gone has room for nothing, and nobody waits for it. */
const roomIn = (socket: Socket) =>
  Promise.race([once(socket, "drain"), once(socket, "close")]).catch(() => undefined);

interface Written {
  readonly path: string;
  readonly key?: string;
  readonly body: string;
  readonly more?: string;
}

const memoryMegabytes = (): number =>
  Number(/VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${gateway.process.child.pid}/status`, "utf8"))?.[1]) /
  1024;
const chat = JSON.stringify({ model: "m", messages: [{ role: "user", content: "hello" }], max_tokens: 4 });
const isServing = async () => !gateway.process.ended && (await fetch(`${gateway.url}/health`)).status === 200;
const request = ({ path, key = adminKey, body, more = "" }: Written) =>
  `POST ${path} HTTP/1.1\r\nhost: g\r\nauthorization: Bearer ${key}\r\ncontent-type: application/json\r\n${more}content-length: ${Buffer.byteLength(body)}\r\nconnection: close\r\n\r\n${body}`;
const post = (path: string, body: unknown, key = adminKey) =>
  send(gateway.url + path, key, typeof body === "string" ? body : JSON.stringify(body));

const deep = (open: string, close: string, count = 200_000) => open.repeat(count) + close.repeat(count);
/** Bodies that are wrong, and the statuses that may answer them. */
const bodies: readonly (readonly [name: string, path: string, body: unknown])[] = [
  ...[
    "/rl/start_session",
    "/rl/set_reward",
    "/export_trajectories",
    "/rl/discard_session",
    "/v1/chat/completions",
  ].flatMap((path) =>
    (
      [
        ["nothing", ""],
        ["no JSON", "{"],
        ["null", "null"],
        ["a number", "1e999"],
        ["a list", "[]"],
        ["deep lists", deep("[", "]")],
        ["deep objects", deep('{"a":', "}").replace(":}", ":1}")],
        ["another prototype", '{"__proto__":{"task_id":"x"},"constructor":{"prototype":{}}}'],
        ["zeros", "\0".repeat(100)],
        ["half a character", Buffer.from([0x7b, 0x22, 0xc3, 0x22, 0x7d]).toString("latin1")],
        ["a thousand fields", Object.fromEntries(Array.from({ length: 1_000 }, (_, at) => [`f${at}`, at]))],
      ] as const
    ).map(([name, body]) => [name, path, body] as const),
  ),
  ["a task id of a megabyte less a little", "/rl/start_session", { task_id: "x".repeat((1 << 20) - 100) }],
  ["a task id of two megabytes", "/rl/start_session", { task_id: "x".repeat(2 << 20) }],
  ["a task id that is a path", "/rl/start_session", { task_id: "../../etc/passwd" }],
  ["a task id of control characters", "/rl/start_session", { task_id: "\x1b[2J\x07\0\u202e" }],
  ["a group of 1.5", "/rl/start_session", { task_id: "g", group_size: 1.5 }],
  ["a group of a billion", "/rl/start_session", { task_id: "g", group_size: 1e9 }],
  ["the admin key as a session's", "/rl/start_session", { task_id: "g", api_key: adminKey }],
  ["a key with line ends", "/rl/start_session", { task_id: "g", api_key: "a\r\nb" }],
  ["a reward that is no number", "/rl/set_reward", '{"reward": NaN}'],
  ["an infinite reward", "/rl/set_reward", '{"reward": 1e999}'],
  [
    "ten thousand sessions to export",
    "/export_trajectories",
    { session_ids: Array.from({ length: 10_000 }, () => "none-0") },
  ],
  ["a discount of minus infinity", "/export_trajectories", '{"session_ids":["a"],"discount":-1e999}'],
  ["an unknown style", "/export_trajectories", { session_ids: ["a"], style: "__proto__" }],
  ["several answers", "/v1/chat/completions", { messages: [{ role: "user", content: "x" }], n: 2 }],
  ["a role that is none", "/v1/chat/completions", { messages: [{ role: 7 }] }],
  [
    "deep content",
    "/v1/chat/completions",
    `{"messages":[{"role":"user","content":${deep("[", "]", 50_000)}}]}`,
  ],
  [
    "a body of 33 MiB",
    "/v1/chat/completions",
    `{"messages":[{"role":"user","content":"${"x".repeat(33 << 20)}"}]}`,
  ],
];

test.each(bodies)(
  "%s to %s is answered",
  async (_name, path, body) => {
    const { status } = await post(path, body);
    expect(status).toBeGreaterThanOrEqual(200);
    expect(status).toBeLessThan(600);
    expect([status === 500, await isServing()]).toEqual([false, true]);
  },
  minutes,
);

test.each<[string, string, RegExp]>([
  [
    "two lengths",
    "POST /v1/chat/completions HTTP/1.1\r\nhost: g\r\ncontent-length: 2\r\ncontent-length: 3\r\n\r\n{}",
    /400/,
  ],
  [
    "a length beside chunks",
    "POST /health HTTP/1.1\r\nhost: g\r\ncontent-length: 2\r\ntransfer-encoding: chunked\r\n\r\n0\r\n\r\n",
    /400/,
  ],
  [
    "chunks spelt otherwise",
    "POST /health HTTP/1.1\r\nhost: g\r\ntransfer-encoding: xchunked\r\n\r\n0\r\n\r\n",
    /400|501|405|404/,
  ],
  ["a bare line feed", "GET /health HTTP/1.1\nhost: g\n\n", /400/],
  ["a folded field", "GET /health HTTP/1.1\r\nhost: g\r\nx: a\r\n b\r\n\r\n", /200|400/],
  ["a space before the colon", "GET /health HTTP/1.1\r\nhost : g\r\n\r\n", /400/],
  ["HTTP/2's preface", "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", /400|^$/],
  ["a TLS hello", "\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03", /400|^$/],
  [
    "an upgrade",
    "GET /health HTTP/1.1\r\nhost: g\r\nconnection: upgrade\r\nupgrade: websocket\r\n\r\n",
    /200|400|^$/,
  ],
  ["CONNECT", "CONNECT a:1 HTTP/1.1\r\nhost: g\r\n\r\n", /40\d|^$/],
  ["a head of a megabyte", `GET /health HTTP/1.1\r\nhost: g\r\nx: ${"y".repeat(1 << 20)}\r\n\r\n`, /431|^$/],
  [
    "ten thousand fields",
    `GET /health HTTP/1.1\r\nhost: g\r\n${"x: y\r\n".repeat(10_000)}\r\n`,
    /431|200|^$/,
  ],
  [
    "a chunk of 2^60",
    "POST /rl/start_session HTTP/1.1\r\nhost: g\r\nauthorization: Bearer admin-key\r\ntransfer-encoding: chunked\r\n\r\nfffffffffffffff\r\nabc",
    /413|400|^$/,
  ],
  [
    "trailers without an end",
    `POST /rl/start_session HTTP/1.1\r\nhost: g\r\nauthorization: Bearer admin-key\r\ntransfer-encoding: chunked\r\n\r\n0\r\n${"a: b\r\n".repeat(100_000)}`,
    /4\d\d|^$/,
  ],
])("%s", async (_name, bytes, answered) => {
  expect(await exchange(gateway.url, [bytes])).toMatch(answered);
  expect(await isServing()).toBe(true);
});

test("a body that is packed is not unpacked", async () => {
  const packed = gzipSync(Buffer.alloc(200 << 20, 0x20)).toString("latin1");
  const head = `POST /v1/chat/completions HTTP/1.1\r\nhost: g\r\nauthorization: Bearer ${adminKey}\r\ncontent-encoding: gzip\r\ncontent-length: ${packed.length}\r\nconnection: close\r\n\r\n`;
  expect(statuses(await exchange(gateway.url, [head + packed]))).toEqual([400]);
  expect(memoryMegabytes()).toBeLessThan(900);
});

test(
  "an upload without an end is refused, and takes no memory",
  async () => {
    const socket = connect(Number(new URL(gateway.url).port), "127.0.0.1");
    socket.on("error", () => undefined);
    await once(socket, "connect");
    let text = "";
    socket.setEncoding("latin1").on("data", (part: string) => (text += part));
    socket.write(
      `POST /v1/chat/completions HTTP/1.1\r\nhost: g\r\nauthorization: Bearer ${adminKey}\r\ntransfer-encoding: chunked\r\n\r\n`,
    );
    const piece = `100000\r\n${"x".repeat(1 << 20)}\r\n`;
    for (let sent = 0; sent < 2_000 && !socket.destroyed; sent += 1)
      if (!socket.write(piece)) await roomIn(socket);
    expect(text).toMatch(/HTTP\/1\.1 413 /);
    socket.destroy();
    expect(memoryMegabytes()).toBeLessThan(900);
  },
  2 * minutes,
);

test(
  "5,000 mutated requests, in pieces",
  async () => {
    const rng = createRng(20_261_129);
    const { key } = await user.startSession("mutated");
    const seeds = [
      request({ path: "/v1/chat/completions", key, body: chat }),
      request({ path: "/v1/chat/completions", key, body: chat, more: "transfer-encoding: identity\r\n" }),
      request({ path: "/rl/start_session", body: '{"task_id":"t","group_size":2}' }),
      request({ path: "/rl/set_reward", key, body: '{"reward":0.5}' }),
      request({ path: "/export_trajectories", body: '{"session_ids":["mutated-0"]}' }),
      "GET /metrics HTTP/1.1\r\nhost: g\r\nconnection: close\r\n\r\n",
      `POST /v1/chat/completions HTTP/1.1\r\nhost: g\r\nauthorization: Bearer ${key}\r\ntransfer-encoding: chunked\r\nconnection: close\r\n\r\n${chat.length.toString(16)};x=y\r\n${chat}\r\n0\r\na: b\r\n\r\n`,
    ];
    const seen = new Map<number, number>();
    for (let round = 0; round < 250; round += 1) {
      const answers = await Promise.all(
        Array.from({ length: 20 }, async () => {
          const bytes = mutated(seeds[below(rng, seeds.length)] ?? "", rng);
          return exchange(gateway.url, below(rng, 2) === 0 ? [bytes] : inPieces(bytes, rng), 250);
        }),
      );
      for (const status of answers.flatMap(statuses)) seen.set(status, (seen.get(status) ?? 0) + 1);
      expect(gateway.process.ended).toBe(false);
    }
    expect([seen.get(500) ?? 0, await isServing()]).toEqual([0, true]);
    expect(seen.get(200) ?? 0).toBeGreaterThan(10);
    expect(gateway.process.stderr).not.toMatch(/failed: (TypeError|RangeError|ReferenceError)/);
  },
  20 * minutes,
);

test(
  "2,000 requests at once, 300 that never end, 4,096 sessions",
  async () => {
    const slow: Socket[] = [];
    for (let at = 0; at < 300; at += 1) {
      const socket = connect(Number(new URL(gateway.url).port), "127.0.0.1");
      socket.on("error", () => undefined);
      socket.write("POST /v1/chat/completions HTTP/1.1\r\nhost: g\r\ncontent-le");
      slow.push(socket);
    }
    await sleep(200);
    const { key } = await user.startSession("many");
    const answers: number[] = [];
    for (let round = 0; round < 10; round += 1)
      answers.push(
        ...(await Promise.all(Array.from({ length: 200 }, async () => (await user.chat(key, chat)).status))),
      );
    expect(answers.filter((status) => status !== 200)).toEqual([]);
    for (const socket of slow) socket.destroy();
    let opened = 0;
    for (let status = 201; status === 201 && opened < 5_000; opened += 1)
      ({ status } = await post("/rl/start_session", { task_id: "filled" }));
    expect((await post("/rl/start_session", { task_id: "filled" })).status).toBe(429);
  },
  10 * minutes,
);
